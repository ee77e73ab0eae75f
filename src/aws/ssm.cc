// SPDX-License-Identifier: Apache-2.0
#include "aws/ssm.h"

#include <fmt/format.h>

#include "aws/json_object.h"
#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

Result<std::string> get_parameter(ServiceClient& ssm, const std::string& name, Clock::Time deadline) {
  auto reply =
      ssm.call("GetParameter", fmt::format(R"({{"Name":{},"WithDecryption":true}})", json_quoted(name)), deadline);
  if (!reply) {
    Error error = reply.error();
    error.message = fmt::format("the parameter {} cannot be read: {}", printable(name), error.message);
    return error;
  }
  if (auto value = json_text(reply->body, {"Parameter", "Value"})) return std::string(trimmed(*value));
  return retry(fmt::format("the parameter {} cannot be read: SSM answered without it", printable(name)));
}

}  // namespace dynatlas
