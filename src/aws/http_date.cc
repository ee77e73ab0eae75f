// SPDX-License-Identifier: Apache-2.0
#include "aws/http_date.h"

#include <fmt/format.h>

#include <string>

#include "base/time_text.h"

namespace dynatlas {

std::optional<Clock::Time> parse_http_date(std::string_view text) {
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(3, 2) != ", " || text[7] != ' ' || text[11] != ' ' || text[16] != ' ' ||
      text.substr(25) != " GMT") {
    return std::nullopt;
  }
  const std::size_t month = months.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  const auto microseconds = parse_rfc3339(
      fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1, text.substr(5, 2), text.substr(17, 8)));
  if (!microseconds) return std::nullopt;
  return Clock::Time(std::chrono::microseconds(*microseconds));
}

}  // namespace dynatlas
