// SPDX-License-Identifier: Apache-2.0
#include "decode/record_time.h"

#include <charconv>
#include <cmath>

#include "base/time_text.h"
#include "decode/members.h"

namespace dynatlas {

namespace {

constexpr int digits_that_fit = 18;  // of an int64_t

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `end` is the number's.
void read_number(const char* begin, const char* end, RawTime& time) {
  const auto whole = std::from_chars(begin, end, time.whole);
  time.is_whole = whole.ec == std::errc{} && whole.ptr == end;
  time.present = std::from_chars(begin, end, time.number).ec == std::errc{};
}

// The common case: a whole number that the padding, a comma or a bracket ends. Null where it is none.
const char* read_whole(const char* in, RawTime& time) {
  const char* at = in;
  std::int64_t whole = 0;
  while (at - in < digits_that_fit && is_digit(*at)) whole = whole * 10 + (*at++ - '0');
  const bool number = at != in && (*in != '0' || at == in + 1);
  if (!number || is_digit(*at) || *at == '.' || *at == 'e' || *at == 'E') return nullptr;
  time.whole = whole;
  time.number = static_cast<double>(whole);
  time.is_whole = time.present = true;
  return at;
}

void read_text(std::string_view text, RawTime& time) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits) return read_number(text.data(), text.data() + text.size(), time);
  time.microseconds = parse_rfc3339(text);
  time.present = time.microseconds.has_value();
}

}  // namespace

const char* read_time(const char* in, RawTime& time) {
  time = {};
  if (const char* behind = read_whole(in, time); behind != nullptr) return behind;
  if (*in == '"') {
    json::Text text;
    in = text.read(in);
    if (in != nullptr) read_text(text.view(), time);
    return in;
  }
  const char* behind = json::skip_number(in);
  if (behind == nullptr) return json::skip(in);
  read_number(in, behind, time);
  return behind;
}

std::optional<std::int64_t> in_microseconds(const RawTime& time, std::int64_t unit) {
  if (time.microseconds) return time.microseconds;
  if (!time.present || time.number < 0) return std::nullopt;
  if (time.is_whole)
    return time.whole > last_microsecond_of_year_9999 / unit ? std::nullopt : std::optional(time.whole * unit);
  const double product = time.number * static_cast<double>(unit);
  // As a double the last microsecond is the first of the year 10000.
  if (product >= static_cast<double>(last_microsecond_of_year_9999)) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(product));
}

}  // namespace dynatlas
