// SPDX-License-Identifier: Apache-2.0
#include "runtime_api.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "aws/json_object.h"

namespace dynatlas {

namespace {

// Lambda ends idle processes after hours. What is larger than 2^31 ms is no number to some builds of libcurl.
constexpr std::chrono::hours next_within{24 * 20};

constexpr std::chrono::seconds post_within{10};

// An event has 6 MB at most; as JSON it may be somewhat larger.
constexpr std::size_t event_bytes_max = 64 * 1024 * 1024;

Result<Clock::Time> deadline_of(const HttpResponse& response) {
  const std::string* header = find_header(response.headers, "Lambda-Runtime-Deadline-Ms");
  std::int64_t milliseconds = 0;
  if (header != nullptr) {
    const char* end = header->data() + header->size();
    const auto [behind, fault] = std::from_chars(header->data(), end, milliseconds);
    if (fault == std::errc{} && behind == end && milliseconds > 0)
      return Clock::Time(std::chrono::milliseconds(milliseconds));
  }
  return fatal("the Lambda runtime API gave an invocation without a deadline");
}

std::string body_of(const InvocationError& error) {
  return fmt::format(R"({{"errorMessage":{},"errorType":{},"stackTrace":[]}})", json_quoted(error.message),
                     json_quoted(error.type));
}

}  // namespace

RuntimeApi::RuntimeApi(HttpClient& http, const std::string& address)
    : http_(http), base_("http://" + address + "/2018-06-01/runtime/") {}

Result<Invocation> RuntimeApi::next() {
  HttpRequest request;
  request.url = base_ + "invocation/next";
  request.end_within = next_within;
  request.direct = true;
  request.body_bytes_max = event_bytes_max;
  ASSIGN_OR_RETURN(HttpResponse response, http_.send(request));
  if (response.status != 200)
    return fatal(fmt::format("the Lambda runtime API gave no invocation, but the status {}", response.status));
  const std::string* id = find_header(response.headers, "Lambda-Runtime-Aws-Request-Id");
  if (id == nullptr || id->empty()) return fatal("the Lambda runtime API gave an invocation without a request id");
  ASSIGN_OR_RETURN(const Clock::Time deadline, deadline_of(response));
  return Invocation{*id, deadline, std::move(response.body)};
}

Result<void> RuntimeApi::post(const std::string& path, std::string body, const std::string& error_type) {
  HttpRequest request;
  request.method = "POST";
  request.url = base_ + path;
  request.headers.push_back({"Content-Type", "application/json"});
  if (!error_type.empty()) request.headers.push_back({"Lambda-Runtime-Function-Error-Type", error_type});
  request.body = std::move(body);
  request.end_within = post_within;
  request.direct = true;
  ASSIGN_OR_RETURN(const HttpResponse response, http_.send(request));
  if (response.status / 100 == 2) return {};
  return fatal(fmt::format("the Lambda runtime API refused what was reported, with the status {}", response.status));
}

Result<void> RuntimeApi::respond(const std::string& id, std::string response) {
  return post("invocation/" + id + "/response", std::move(response), "");
}

Result<void> RuntimeApi::fail(const std::string& id, const InvocationError& error) {
  return post("invocation/" + id + "/error", body_of(error), error.type);
}

Result<void> RuntimeApi::fail_init(const InvocationError& error) {
  return post("init/error", body_of(error), error.type);
}

}  // namespace dynatlas
