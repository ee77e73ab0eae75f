// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dynatlas {

// Microseconds since 1970 of an RFC 3339 time, such as "2024-07-11T23:23:53.012995Z" or "2024-07-11T23:23:53+09:00";
// digits beyond microseconds are cut. Years 1970 to 9999. Empty where it is none.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

// The same for the years 0 to 9999; negative before 1970.
std::optional<std::int64_t> parse_rfc3339_of_any_year(std::string_view text);

// The UTC time as MongoDB's relaxed Extended JSON prints it: milliseconds only where there are any.
// Source: specifications/source/extended-json, "Conversion table", Datetime.
std::string format_rfc3339_milliseconds(std::int64_t milliseconds);

inline constexpr std::int64_t last_microsecond_of_year_9999 = 253402300799999999;

}  // namespace dynatlas
