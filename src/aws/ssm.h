// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "aws/service_call.h"

namespace dynatlas {

// The value of the parameter `name` (name or ARN) in SSM's parameter store, decrypted, without blanks and line
// ends around it: a value that was taken from a file has one. Not kept.
Result<std::string> get_parameter(ServiceClient& ssm, const std::string& name, Clock::Time deadline);

}  // namespace dynatlas
