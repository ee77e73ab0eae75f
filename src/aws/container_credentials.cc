// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/credential_reply.h"
#include "aws/credential_sources.h"
#include "aws/small_file.h"
#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

constexpr int attempts_max = 3;
constexpr std::chrono::seconds timeout{2};
constexpr std::chrono::seconds pause{1};

// Addresses of this machine alone, which http is good enough for.
bool is_local(const UrlParts& url) {
  constexpr std::array<std::string_view, 5> hosts = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost",
                                                     "::1"};
  const bool loopback =
      url.host.starts_with("127.") && url.host.find_first_not_of("0123456789.") == std::string_view::npos;
  return loopback || std::find(hosts.begin(), hosts.end(), url.host) != hosts.end();
}

Result<std::string> address_of(const EnvironmentLookup& environment) {
  if (const auto relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    if (relative->starts_with('/')) return "http://169.254.170.2" + *relative;
    return fatal("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI does not begin with /: correct it");
  }
  const std::string full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI").value_or("");
  const auto url = split_url(full);
  if (url && (url->scheme == "https" || is_local(*url))) return full;
  return fatal(
      "AWS_CONTAINER_CREDENTIALS_FULL_URI is not asked for credentials: it must be https, or http of this machine "
      "(127.0.0.1, 169.254.170.2, 169.254.170.23, [fd00:ec2::23])");
}

// The value of the Authorization header; none where there is none to send.
Result<std::optional<std::string>> token_of(const EnvironmentLookup& environment) {
  std::optional<std::string> token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const auto file = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    ASSIGN_OR_RETURN(token, read_small_file(*file));
    if (!token) {
      return fatal(
          fmt::format("{} is not there, which AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names", printable(*file)));
    }
  }
  if (token && token->find_first_of("\r\n") != std::string::npos) {
    return fatal("the container's authorization token has a line end: take it out");
  }
  return token;
}

}  // namespace

FoundCredentials credentials_of_container(const AwsContext& context) {
  const auto& environment = context.around.environment;
  if (!environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") && !environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    return std::optional<Credentials>();
  }
  HttpRequest request;
  ASSIGN_OR_RETURN(request.url, address_of(environment));
  ASSIGN_OR_RETURN(const auto token, token_of(environment));
  if (token) request.headers.push_back({"Authorization", *token});
  request.headers.push_back({"Accept", "application/json"});
  request.direct = is_local(*split_url(request.url));
  request.body_bytes_max = small_file_bytes_max;

  Error last;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    if (attempt > 0 && context.time_left(pause) < pause) break;
    if (attempt > 0) context.around.clock.sleep(pause);
    request.connect_within = request.end_within = context.time_left(timeout);
    auto response = context.around.http.send(request);
    if (!response) {
      last = std::move(response).error();
      continue;
    }
    auto credentials =
        response->status == 200 ? read_credentials(response->body, "Token", "the container's role") : std::nullopt;
    if (credentials) return credentials;
    last = Error{response->status >= 400 && response->status < 500 ? ErrorKind::fatal : ErrorKind::retry,
                 fmt::format("it answered without credentials (HTTP status {})", response->status)};
  }
  last.message = fmt::format("the container's credentials cannot be had: {}", last.message);
  return last;
}

}  // namespace dynatlas
