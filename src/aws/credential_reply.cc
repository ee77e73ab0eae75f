// SPDX-License-Identifier: Apache-2.0
#include "aws/credential_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/json_object.h"
#include "base/time_text.h"

namespace dynatlas {

namespace {

// Digits with `sign` between every two of them; a text that has signs already stays as it is.
std::string parted(std::string_view digits, char sign) {
  if (digits.find(sign) != std::string_view::npos) return std::string(digits);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && i % 2 == 0) text += sign;
    text += digits[i];
  }
  return text;
}

std::string date_of(std::string_view text) {
  const std::string_view year = text.substr(0, 4);
  const bool is_basic = text.find('-') == std::string_view::npos;
  return is_basic ? fmt::format("{}-{}", year, parted(text.substr(year.size()), '-')) : std::string(text);
}

std::string clock_of(std::string_view text) {
  const std::size_t whole = std::min(text.find_first_of(".,"), text.size());
  std::string clock = parted(text.substr(0, whole), ':');
  if (whole < text.size()) return fmt::format("{}.{}", clock, text.substr(whole + 1));
  constexpr std::size_t without_seconds = 5;
  return clock.size() == without_seconds ? clock + ":00" : clock;
}

std::string offset_of(std::string_view text) {
  const std::string_view sign = text.substr(0, 1);
  const std::string hours = parted(text.substr(sign.size()), ':');
  return fmt::format("{}{}{}", sign, hours, hours.size() == 2 ? ":00" : "");
}

// A time of ISO 8601 as RFC 3339 has it, which is stricter: with all signs between its numbers, and seconds.
std::string rfc3339_of(std::string_view text) {
  const std::size_t date = std::min(text.find_first_of("Tt "), text.size());
  const std::string_view rest = text.substr(std::min(date + 1, text.size()));
  const std::size_t clock = std::min(rest.find_first_of("Zz+-"), rest.size());
  return fmt::format("{}T{}{}", date_of(text.substr(0, date)), clock_of(rest.substr(0, clock)),
                     offset_of(rest.substr(clock)));
}

}  // namespace

std::optional<Clock::Time> parse_expiration(std::string_view text) {
  const auto microseconds = parse_rfc3339(rfc3339_of(text));
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
