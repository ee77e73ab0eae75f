// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "aws/http.h"
#include "base/clock.h"
#include "base/result.h"

namespace dynatlas {

// What the function is called with.
struct Invocation {
  std::string id;        // AWS's request id
  Clock::Time deadline;  // when Lambda ends the process
  std::string event;
};

// A failure as Lambda shows it: `type` is a category and a reason, such as "Function.InvalidEvent".
struct InvocationError {
  std::string type;
  std::string message;
};

// Lambda's interface for custom runtimes. One thread at a time.
// Source: AWS Lambda Developer Guide, "Using the Lambda runtime API for custom runtimes".
class RuntimeApi {
 public:
  // `address` is AWS_LAMBDA_RUNTIME_API: host and port. `http` outlives the object.
  RuntimeApi(HttpClient& http, const std::string& address);

  // Waits for the next invocation, as long as it takes: days. Retry where nobody answered, fatal where the answer is no
  // invocation.
  Result<Invocation> next();

  // Ends the invocation. An error means that Lambda may not know of it.
  Result<void> respond(const std::string& id, std::string response);
  Result<void> fail(const std::string& id, const InvocationError& error);

  // The process cannot start; it ends after that.
  Result<void> fail_init(const InvocationError& error);

 private:
  Result<void> post(const std::string& path, std::string body, const std::string& error_type);

  HttpClient& http_;
  std::string base_;
};

}  // namespace dynatlas
