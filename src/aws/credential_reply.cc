// SPDX-License-Identifier: Apache-2.0
#include "aws/credential_reply.h"

#include <utility>

#include "aws/json_object.h"
#include "base/time_text.h"

namespace dynatlas {

std::optional<Clock::Time> parse_expiration(std::string_view text) {
  const auto microseconds = parse_rfc3339(text);
  return microseconds ? std::optional(Clock::Time(std::chrono::microseconds(*microseconds))) : std::nullopt;
}

std::optional<Credentials> read_credentials(std::string_view object, std::string_view token_name, std::string source) {
  auto key = json_text(object, {"AccessKeyId"});
  auto secret = json_text(object, {"SecretAccessKey"});
  const auto expiration = json_text(object, {"Expiration"});
  if (!key || key->empty() || !secret || secret->empty()) return std::nullopt;
  Credentials credentials{std::move(*key), std::move(*secret), json_text(object, {token_name}).value_or(""),
                          expiration ? parse_expiration(*expiration) : std::nullopt, std::move(source)};
  if (expiration && !credentials.expires) return std::nullopt;
  return credentials;
}

}  // namespace dynatlas
