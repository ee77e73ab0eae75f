// SPDX-License-Identifier: Apache-2.0
#include "aws/instance_metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <random>

#include "aws/credential_reply.h"
#include "aws/json_object.h"
#include "aws/url.h"

namespace dynatlas {

namespace {

constexpr std::size_t answer_bytes_max = 1024 * 1024;

int number_of(const std::optional<std::string>& text, int otherwise) {
  int number = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), number).ec != std::errc()) return otherwise;
  return std::clamp(number, 1, 60);
}

bool has_no_v2(int status) { return status == 403 || status == 404 || status == 405; }

}  // namespace

Result<std::string> InstanceMetadata::base_url() const {
  const auto given = context_.look_up("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
  if (!given) {
    const auto mode = context_.look_up("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
    return std::string(same_but_for_case(mode.value_or(""), "ipv6") ? "http://[fd00:ec2::254]"
                                                                    : "http://169.254.169.254");
  }
  if (!split_url(*given)) return usage("AWS_EC2_METADATA_SERVICE_ENDPOINT is no URL: give http://HOST");
  return given->substr(0, given->find_last_not_of('/') + 1);
}

// No response where nobody answered; `reason` is why.
Result<std::optional<HttpResponse>> InstanceMetadata::send(HttpRequest request, std::string& reason) {
  request.direct = true;
  request.body_bytes_max = answer_bytes_max;
  const std::chrono::seconds timeout(
      number_of(context_.look_up("AWS_METADATA_SERVICE_TIMEOUT", "metadata_service_timeout"), 1));
  const int attempts =
      number_of(context_.look_up("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "metadata_service_num_attempts"), 1);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    request.end_within = request.connect_within = context_.time_left(timeout);
    auto response = context_.around.http.send(request);
    if (!response && response.error().kind != ErrorKind::retry) return std::move(response).error();
    if (response && response->status < 500) return std::optional(*std::move(response));
    if (response && attempt + 1 == attempts) {
      return retry(fmt::format("the instance's metadata service fails with HTTP status {}", response->status));
    }
    if (!response) reason = std::move(response).error().message;
    // Whether anybody is there is not known then.
    if (context_.time_left(timeout).count() == 0)
      return retry("the instance's metadata service did not answer in time");
  }
  return std::optional<HttpResponse>();
}

// A text where v2 is there, no text where there is nothing to ask; an empty token is v1's.
Result<InstanceMetadata::Answer> InstanceMetadata::fetch_token(const std::string& base, std::string& token) {
  HttpRequest request;
  request.method = "PUT";
  request.url = base + "/latest/api/token";
  request.headers.push_back({"X-aws-ec2-metadata-token-ttl-seconds", "21600"});
  std::string reason;
  ASSIGN_OR_RETURN(const auto response, send(std::move(request), reason));
  if (response && response->status == 200) {
    token = std::string(trimmed(response->body));
    return Answer{"v2", {}};
  }
  if (response && !has_no_v2(response->status)) {
    return retry(fmt::format("the instance's metadata service refuses a token with HTTP status {}", response->status));
  }
  if (!context_.is_on("AWS_EC2_METADATA_V1_DISABLED", "ec2_metadata_v1_disabled")) return Answer{"v1", {}};
  if (response) return Answer{{}, "the instance has no IMDSv2, and AWS_EC2_METADATA_V1_DISABLED forbids IMDSv1"};
  return Answer{{}, fmt::format("{}; in a container the instance's metadata hop limit must be 2", reason)};
}

Result<InstanceMetadata::Answer> InstanceMetadata::get(const std::string& path) {
  if (same_but_for_case(context_.around.environment("AWS_EC2_METADATA_DISABLED").value_or(""), "true")) {
    return Answer{{}, "AWS_EC2_METADATA_DISABLED turns it off"};
  }
  ASSIGN_OR_RETURN(const std::string base, base_url());
  std::string token;
  ASSIGN_OR_RETURN(Answer answer, fetch_token(base, token));
  if (!answer.text) return answer;

  HttpRequest request;
  request.url = base + "/latest/" + path;
  if (!token.empty()) request.headers.push_back({"X-aws-ec2-metadata-token", token});
  std::string reason;
  ASSIGN_OR_RETURN(auto response, send(std::move(request), reason));
  if (!response) {
    return Answer{{}, fmt::format("{}; in a container the instance's metadata hop limit must be 2", reason)};
  }
  if (response->status == 200 && !trimmed(response->body).empty()) return Answer{std::move(response->body), {}};
  return Answer{{}, fmt::format("it has nothing to say (HTTP status {})", response->status)};
}

Clock::Time InstanceCredentials::extended(const Surroundings& around) {
  std::mt19937 random(around.seed + extensions_++);
  // The window in which credentials are renewed, and 2 to 10 minutes: so long nobody asks again.
  return around.clock.now() + std::chrono::minutes(15) + std::chrono::seconds(120 + random() % 481);
}

Result<std::optional<Credentials>> InstanceCredentials::fetch(const AwsContext& context, std::string& reason) {
  const std::string roles = "meta-data/iam/security-credentials/";
  InstanceMetadata service(context);
  auto fetched = [&]() -> Result<std::optional<Credentials>> {
    ASSIGN_OR_RETURN(const auto role, service.get(roles));
    reason = role.reason;
    if (!role.text) return std::optional<Credentials>();
    const std::string_view name = trimmed(*role.text);
    ASSIGN_OR_RETURN(const auto answer, service.get(fmt::format("{}{}", roles, name.substr(0, name.find('\n')))));
    reason = answer.reason;
    if (!answer.text) return std::optional<Credentials>();
    auto credentials = read_credentials(*answer.text, "Token", "the instance's role");
    if (!credentials) {
      reason = fmt::format("it answers {} instead of credentials: look at the role of the instance's profile",
                           json_text(*answer.text, {"Code"}).value_or("something else"));
    }
    return credentials;
  }();
  if (fetched && *fetched) {
    last_ = **fetched;
    if (last_->expires && *last_->expires < context.around.clock.now() + std::chrono::minutes(15)) {
      last_->expires = extended(context.around);
    }
    return last_;
  }
  if (!last_) return fetched;
  last_->expires = extended(context.around);
  return last_;
}

}  // namespace dynatlas
