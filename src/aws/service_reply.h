// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "aws/http.h"
#include "aws/service.h"
#include "base/clock.h"
#include "base/result.h"

namespace dynatlas {

struct ServiceReply {
  std::string body;                 // JSON, or XML of the query protocol
  std::string request_id;           // for logs; may be empty
  std::optional<Clock::Time> date;  // AWS's clock when it answered
};

// An Error that also says what AWS called it, for callers that can do something about it.
struct ServiceFailure : Error {
  ServiceFailure(Error error) : Error(std::move(error)) {}  // NOLINT(google-explicit-constructor): `return error;`

  std::string code;  // such as "ExpiredIteratorException"; empty where the service did not answer
  int status = 0;    // of HTTP; 0 where the service did not answer
};

using ServiceResult = tl::expected<ServiceReply, ServiceFailure>;

// What can be done about a failure.
enum class FailureClass {
  throttled,    // slower
  transient,    // the same again
  credentials,  // expired or unknown: others, once
  busy,         // a resource is being made or changed: the caller waits
  final,        // nothing: the caller, or a person
};

// Source: AWS's error references of the services, and _retry.json of botocore.
FailureClass class_of(std::string_view code, int status);

// Whether a refusal can come from a clock that is wrong.
bool may_be_the_clock(std::string_view code);

// What a service says of a failure, in JSON or in XML.
struct ServiceError {
  std::string code;     // empty where it names none
  std::string message;  // one line that can be shown; without what AWS computed of a signature, and at most 500 bytes
};
ServiceError read_error(const HttpResponse& response);

// The text of the first element of that name, decoded; none where there is none.
// For the small answers of STS alone, whose elements have no attributes.
std::optional<std::string> xml_text(std::string_view xml, std::string_view name);

}  // namespace dynatlas
