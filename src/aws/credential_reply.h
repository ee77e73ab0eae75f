// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials.h"

namespace dynatlas {

// What `Expiration` and AWS_CREDENTIAL_EXPIRATION hold: RFC 3339. None where it is no such time.
std::optional<Clock::Time> parse_expiration(std::string_view text);

// The credentials in a JSON object {AccessKeyId, SecretAccessKey, Expiration?} with the session token under
// `token_name`. None where one that must be there is not, or the expiration is no time.
std::optional<Credentials> read_credentials(std::string_view object, std::string_view token_name, std::string source);

}  // namespace dynatlas
