// SPDX-License-Identifier: Apache-2.0
#include "aws/service_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "aws/json_object.h"
#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

using Codes = std::span<const std::string_view>;

constexpr std::array<std::string_view, 15> throttling_codes = {"ProvisionedThroughputExceededException",
                                                               "ThrottlingException",
                                                               "Throttling",
                                                               "ThrottledException",
                                                               "RequestThrottled",
                                                               "RequestThrottledException",
                                                               "RequestLimitExceeded",
                                                               "TooManyRequestsException",
                                                               "LimitExceededException",
                                                               "SlowDown",
                                                               "BandwidthLimitExceeded",
                                                               "PriorRequestNotComplete",
                                                               "TransactionInProgressException",
                                                               "KMSThrottlingException",
                                                               "EC2ThrottledException"};
constexpr std::array<std::string_view, 9> transient_codes = {
    "InternalServerError",  "InternalFailureException", "InternalFailure", "InternalServiceError",
    "InternalError",        "ServiceUnavailable",       "RequestTimeout",  "RequestTimeoutException",
    "IDPCommunicationError"};
constexpr std::array<std::string_view, 8> credential_codes = {
    "ExpiredTokenException", "ExpiredToken",         "UnrecognizedClientException", "InvalidSignatureException",
    "RequestExpired",        "InvalidClientTokenId", "SignatureDoesNotMatch",       "InvalidAccessKeyId"};
constexpr std::array<std::string_view, 6> clock_codes = {"InvalidSignatureException", "RequestExpired",
                                                         "RequestTimeTooSkewed",      "RequestInTheFuture",
                                                         "SignatureDoesNotMatch",     "AuthFailure"};
// Their messages repeat the request, signed headers and all: the session token would be among them.
constexpr std::array<std::string_view, 4> quoting_codes = {"InvalidSignatureException", "SignatureDoesNotMatch",
                                                           "IncompleteSignature", "IncompleteSignatureException"};

bool among(std::string_view code, Codes codes) { return std::find(codes.begin(), codes.end(), code) != codes.end(); }

constexpr std::size_t message_bytes_max = 500;

// `com.amazonaws.dynamodb.v20120810#ResourceNotFoundException:http://..` is ResourceNotFoundException.
std::string bare_code(std::string_view type) {
  type = type.substr(0, type.find(':'));
  return std::string(type.substr(type.rfind('#') + 1));
}

std::string first_words(std::string_view text) {
  std::size_t size = std::min(text.size(), message_bytes_max);
  while (size < text.size() && size > 0 && (static_cast<unsigned char>(text[size]) & 0xC0U) == 0x80U) --size;
  return printable(trimmed(text.substr(0, size)));
}

std::string shown(const std::string& code, std::string_view message) {
  if (among(code, quoting_codes)) message = message.substr(0, message.find_first_of(".:\n'"));
  return first_words(message);
}

std::string decoded(std::string_view text) {
  struct Entity {
    std::string_view name;
    char c;
  };
  constexpr std::array<Entity, 5> entities = {
      {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}}};
  std::string out;
  while (!text.empty()) {
    const auto* const entity = std::find_if(entities.begin(), entities.end(),
                                            [&](const Entity& known) { return text.starts_with(known.name); });
    out += entity == entities.end() ? text.front() : entity->c;
    text.remove_prefix(entity == entities.end() ? 1 : entity->name.size());
  }
  return out;
}

}  // namespace

FailureClass class_of(std::string_view code, int status) {
  if (among(code, throttling_codes) || status == 429) return FailureClass::throttled;
  if (among(code, credential_codes)) return FailureClass::credentials;
  if (among(code, transient_codes)) return FailureClass::transient;
  if (code == "ResourceInUseException") return FailureClass::busy;
  const bool at_fault = status == 500 || status == 502 || status == 503 || status == 504;
  return at_fault ? FailureClass::transient : FailureClass::final;
}

bool may_be_the_clock(std::string_view code) { return among(code, clock_codes); }

std::optional<std::string> xml_text(std::string_view xml, std::string_view name) {
  const std::string opening = fmt::format("<{}>", name);
  const std::size_t begin = xml.find(opening);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::string_view rest = xml.substr(begin + opening.size());
  const std::size_t end = rest.find(fmt::format("</{}>", name));
  if (end == std::string_view::npos) return std::nullopt;
  return decoded(trimmed(rest.substr(0, end)));
}

ServiceError read_error(const HttpResponse& response) {
  const std::string& body = response.body;
  if (is_json_object(body)) {
    auto message = json_text(body, {"message"});
    if (!message) message = json_text(body, {"Message"});
    const std::string code = bare_code(json_text(body, {"__type"}).value_or(""));
    return {code, shown(code, message.value_or(""))};
  }
  if (const auto code = xml_text(body, "Code")) return {*code, shown(*code, xml_text(body, "Message").value_or(""))};
  return {{}, first_words(body.substr(0, body.find('\n')))};  // of a load balancer or a proxy
}

}  // namespace dynatlas
