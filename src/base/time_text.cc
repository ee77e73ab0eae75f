// SPDX-License-Identifier: Apache-2.0
#include "base/time_text.h"

#include <fmt/format.h>

#include <chrono>

namespace dynatlas {

namespace {

// Reads digits off the front of a text.
class DigitReader {
 public:
  explicit DigitReader(std::string_view text) : rest_(text) {}

  int number(std::size_t digits) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) value = value * 10 + digit();
    return value;
  }
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char c) { ok_ = take(c) && ok_; }
  std::int64_t microseconds() {
    std::int64_t value = 0;
    std::int64_t unit = 100000;
    if (rest_.empty() || !is_digit(rest_.front())) ok_ = false;
    for (; !rest_.empty() && is_digit(rest_.front()); unit /= 10) value += digit() * unit;
    return value;
  }
  bool done() const { return ok_ && rest_.empty(); }
  char next() const { return rest_.empty() ? '\0' : rest_.front(); }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  int digit() {
    if (rest_.empty() || !is_digit(rest_.front())) return ok_ = false, 0;
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::optional<std::int64_t> parse_rfc3339_of_any_year(std::string_view text) {
  using namespace std::chrono;
  DigitReader in(text);
  const int y = in.number(4);
  in.expect('-');
  const auto m = static_cast<unsigned>(in.number(2));
  in.expect('-');
  const auto d = static_cast<unsigned>(in.number(2));
  if (!in.take('T') && !in.take('t')) in.expect(' ');
  const int hour = in.number(2);
  in.expect(':');
  const int minute = in.number(2);
  in.expect(':');
  const int second = in.number(2);
  const std::int64_t fraction = in.take('.') ? in.microseconds() : 0;
  int offset = 0;
  if (!in.take('Z') && !in.take('z')) {
    const int sign = in.next() == '-' ? -1 : 1;
    if (!in.take('+')) in.expect('-');
    const int hours = in.number(2);
    in.expect(':');
    const int minutes = in.number(2);
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset = sign * (hours * 60 + minutes);
  }
  const year_month_day date{year{y}, month{m}, day{d}};
  if (!in.done() || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const auto whole = sys_days{date} + hours{hour} + minutes{minute - offset} + seconds{second};
  return duration_cast<microseconds>(whole.time_since_epoch()).count() + fraction;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  const auto time = parse_rfc3339_of_any_year(text);
  return time && *time >= 0 ? time : std::nullopt;
}

std::string format_rfc3339_milliseconds(std::int64_t milliseconds) {
  using namespace std::chrono;
  const sys_time<std::chrono::milliseconds> time{std::chrono::milliseconds{milliseconds}};
  const auto days = floor<std::chrono::days>(time);
  const year_month_day date{days};
  const hh_mm_ss clock{time - days};
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                 clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  if (clock.subseconds().count() != 0) text += fmt::format(".{:03}", clock.subseconds().count());
  return text + "Z";
}

}  // namespace dynatlas
