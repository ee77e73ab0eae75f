// SPDX-License-Identifier: Apache-2.0
#include "aws/service_call.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "aws/http_date.h"
#include "aws/signature.h"
#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds pause_max{20000};
constexpr milliseconds attempt_max{60000};
// AWS takes signatures of five minutes ago; what differs by less than this is not why it refuses one.
constexpr seconds skew_min{240};

bool damaged(const HttpResponse& response) {
  const std::string* sum = find_header(response.headers, "x-amz-crc32");
  if (sum == nullptr) return false;
  unsigned long expected = 0;
  const bool read = std::from_chars(sum->data(), sum->data() + sum->size(), expected).ec == std::errc();
  const auto* bytes = reinterpret_cast<const Bytef*>(response.body.data());
  return !read || crc32_z(0, bytes, response.body.size()) != expected;
}

// By its ends alone: an answer may have 10 MB, and whoever reads it finds the rest.
bool is_whole(std::string_view body, bool json) {
  body = trimmed(body);
  return body.size() >= 2 && body.front() == (json ? '{' : '<') && body.back() == (json ? '}' : '>');
}

void take_out(std::string& text, const std::string& secret) {
  constexpr std::string_view stars = "***";
  for (std::size_t at = 0; !secret.empty() && (at = text.find(secret, at)) != std::string::npos; at += stars.size()) {
    text.replace(at, secret.size(), stars);
  }
}

std::string request_id_of(const HttpResponse& response) {
  const std::string* id = find_header(response.headers, "x-amzn-RequestId");
  return id == nullptr ? std::string() : printable(*id);
}

std::optional<Clock::Time> date_of(const HttpResponse& response) {
  const std::string* date = find_header(response.headers, "Date");
  return date == nullptr ? std::nullopt : parse_http_date(*date);
}

}  // namespace

// What was tried in one call.
struct ServiceClient::Remedies {
  const std::vector<std::string>& hidden;
  Credentials used = {};
  std::optional<Clock::Time> date = {};  // of the last answer
  bool renewed = false;
  bool corrected = false;

  // A service, or a proxy, that repeats what it was sent must not bring a secret into a message.
  void hide_secrets(std::string& text) const {
    std::vector<std::string> secrets = {used.secret_access_key, used.session_token};
    secrets.insert(secrets.end(), hidden.begin(), hidden.end());
    for (const std::string& secret : secrets) {
      take_out(text, secret);
      take_out(text, percent_encode(secret));
    }
  }
};

ServiceClient::ServiceClient(Service service, Endpoint endpoint, CredentialProvider* credentials,
                             const Surroundings& around)
    : facts_(facts_of(service)),
      endpoint_(std::move(endpoint)),
      credentials_(credentials),
      around_(around),
      random_(around.seed) {}

std::string ServiceClient::who(std::string_view operation) const {
  return fmt::format("{} {}", facts_.name, operation);
}

HttpRequest ServiceClient::request_of(std::string_view operation, const std::string& input,
                                      Clock::Time deadline) const {
  HttpRequest request;
  request.method = "POST";
  request.url = endpoint_.url + "/";
  request.headers.push_back({"Content-Type", facts_.content_type});
  if (facts_.target != nullptr) {
    request.headers.push_back({"X-Amz-Target", fmt::format("{}{}", facts_.target, operation)});
    request.body = input;
  } else {
    request.body = fmt::format("Action={}&Version=2011-06-15&{}", operation, input);
  }
  request.end_within = std::min(attempt_max, std::chrono::ceil<milliseconds>(deadline - around_.clock.now()));
  return request;
}

ServiceFailure ServiceClient::refusal(std::string_view operation, HttpResponse response,
                                      const Remedies& remedies) const {
  const std::string code = read_error(response).code;  // as it came: what is done about it goes by it
  remedies.hide_secrets(response.body);
  const ServiceError said = read_error(response);
  const std::string id = request_id_of(response);
  ServiceFailure failure(fatal(
      fmt::format("{}: {}{}{}{}", who(operation),
                  said.code.empty() ? fmt::format("HTTP status {}", response.status) : printable(said.code),
                  said.message.empty() ? "" : ": ", said.message, id.empty() ? "" : fmt::format(" (request {})", id))));
  failure.code = code;
  failure.status = response.status;
  if (class_of(failure.code, failure.status) == FailureClass::busy) failure.kind = ErrorKind::retry;
  return failure;
}

ServiceResult ServiceClient::judge(std::string_view operation, HttpResponse response, Remedies& remedies) {
  remedies.date = date_of(response);
  if (damaged(response) || (response.status == 200 && !is_whole(response.body, facts_.target != nullptr))) {
    ServiceFailure failure(retry(fmt::format("{}: the answer arrived damaged", who(operation))));
    failure.status = response.status;
    return tl::unexpected(std::move(failure));
  }
  if (response.status != 200) return tl::unexpected(refusal(operation, std::move(response), remedies));
  return ServiceReply{std::move(response.body), request_id_of(response), remedies.date};
}

ServiceResult ServiceClient::attempt(std::string_view operation, const std::string& input, Clock::Time deadline,
                                     Remedies& remedies) {
  if (credentials_ != nullptr) {
    auto credentials = credentials_->current(deadline);
    if (!credentials) {
      ServiceFailure failure(std::move(credentials).error());
      failure.code = "NoCredentials";
      return tl::unexpected(std::move(failure));
    }
    remedies.used = *std::move(credentials);
  }
  HttpRequest request = request_of(operation, input, deadline);
  if (credentials_ != nullptr) {
    sign_request(request, remedies.used, {endpoint_.region, facts_.signing_name}, around_.clock.now() + skew_);
  }
  auto response = around_.http.send(request);
  if (response) return judge(operation, *std::move(response), remedies);
  Error error = std::move(response).error();
  error.message = fmt::format("{}: {}", who(operation), error.message);
  return tl::unexpected(ServiceFailure(std::move(error)));
}

// Whether something changed, so that the call is worth another attempt at once.
Result<bool> ServiceClient::mend(const ServiceFailure& failure, FailureClass kind, Clock::Time deadline,
                                 Remedies& remedies) {
  if (may_be_the_clock(failure.code) && remedies.date && !std::exchange(remedies.corrected, true)) {
    const auto ahead = std::chrono::round<seconds>(*remedies.date - around_.clock.now());
    const bool differs = std::chrono::abs(ahead - skew_) >= skew_min;
    if (differs) skew_ = ahead;
    if (differs) return true;
  }
  if (kind != FailureClass::credentials || credentials_ == nullptr || std::exchange(remedies.renewed, true))
    return false;
  ASSIGN_OR_RETURN(const Credentials others, credentials_->renewed(remedies.used, deadline));
  return !others.same_keys(remedies.used);
}

// Full jitter: anything up to a bound that doubles.
milliseconds ServiceClient::pause(FailureClass kind, int attempts) {
  const milliseconds first(kind == FailureClass::throttled ? 500 : 100);
  const milliseconds bound = std::min(pause_max, first * (1 << std::min(attempts, 10)));
  return milliseconds(1 + static_cast<milliseconds::rep>(random_()) % bound.count());
}

ServiceResult ServiceClient::call(std::string_view operation, const std::string& input, Clock::Time deadline,
                                  const std::vector<std::string>& hidden) {
  Remedies remedies{hidden};
  for (int attempts = 0;; ++attempts) {
    ServiceResult result = attempt(operation, input, deadline, remedies);
    if (result) return result;
    ServiceFailure& failure = result.error();
    const bool unanswered = failure.code.empty() && failure.kind == ErrorKind::retry;
    const FailureClass kind = unanswered ? FailureClass::transient : class_of(failure.code, failure.status);
    if (kind == FailureClass::throttled || kind == FailureClass::transient) {
      failure.kind = ErrorKind::retry;
      const milliseconds wait = pause(kind, attempts);
      if (around_.clock.now() + wait >= deadline) return result;
      around_.clock.sleep(wait);
      continue;
    }
    auto mended = mend(failure, kind, deadline, remedies);
    if (!mended) return tl::unexpected(ServiceFailure(std::move(mended).error()));
    if (!*mended) {
      if (kind == FailureClass::credentials && credentials_ != nullptr) {
        failure.message +=
            fmt::format(". AWS does not take the credentials of {}: renew or correct them", remedies.used.source);
      }
      return result;
    }
  }
}

}  // namespace dynatlas
