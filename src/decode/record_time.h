// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace dynatlas {

// A time as it was received: a JSON number in some unit, or the text that the AWS CLI makes of it.
struct RawTime {
  double number = 0;
  std::int64_t whole = 0;  // exact where `is_whole`
  bool is_whole = false;
  bool present = false;
  std::optional<std::int64_t> microseconds;  // of a text
};

// Reads the value at `in`, a number or a string of one kind or the other; anything else is passed over. Returns the
// position behind it, or null where it is no valid JSON.
const char* read_time(const char* in, RawTime& time);

// The time in microseconds since 1970, `unit` of which make the number's unit; none where it cannot be read or lies
// outside of the years 1970 to 9999.
std::optional<std::int64_t> in_microseconds(const RawTime& time, std::int64_t unit);

}  // namespace dynatlas
