// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/service_call.h"

namespace dynatlas {

// The secret `id` (name or ARN) of Secrets Manager as it is current now: its string, or its bytes where it is binary.
// Not kept: a secret that was rotated is there with the next call.
Result<std::string> get_secret(ServiceClient& secrets_manager, const std::string& id, Clock::Time deadline);

// What a secret holds: where it is a JSON object, as AWS's console makes them, the first of `members` that is a string
// in it; else the whole. Fatal where it is an object without any of them.
Result<std::string> text_of_secret(const std::string& secret, const std::vector<std::string_view>& members);

}  // namespace dynatlas
