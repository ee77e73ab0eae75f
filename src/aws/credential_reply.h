// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/credentials.h"

namespace dynatlas {

// What `Expiration` and AWS_CREDENTIAL_EXPIRATION hold: a time of ISO 8601 with its offset from UTC, such as
// "2024-07-11T23:23:53Z", "2024-07-11T23:23+0000" or "20240711T232353Z", for not every program that prints credentials
// keeps to RFC 3339. None where it is no such time.
std::optional<Clock::Time> parse_expiration(std::string_view text);

// The credentials in a JSON object {AccessKeyId, SecretAccessKey, Expiration?} with the session token under
// `token_name`. None where one that must be there is not, or the expiration is no time.
std::optional<Credentials> read_credentials(std::string_view object, std::string_view token_name, std::string source);

}  // namespace dynatlas
