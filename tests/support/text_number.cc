// SPDX-License-Identifier: Apache-2.0
#include "text_number.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace dynatlas {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string take_digits(std::string_view& text) {
  std::string digits;
  while (!text.empty() && is_digit(text.front())) {
    digits += text.front();
    text.remove_prefix(1);
  }
  return digits;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// The exponent of the first digit: 2 for 123.
int64_t magnitude(const TextNumber& number) { return number.exponent + static_cast<int64_t>(number.digits.size()) - 1; }

// 1.23e+4
std::string scientific(const TextNumber& number, char mark) {
  std::string text = (number.negative ? "-" : "") + number.digits.substr(0, 1);
  if (number.digits.size() > 1) text += "." + number.digits.substr(1);
  return text + mark + (magnitude(number) < 0 ? "" : "+") + std::to_string(magnitude(number));
}

std::string zeros(int64_t count) { return std::string(static_cast<size_t>(count), '0'); }

}  // namespace

std::optional<TextNumber> read_text_number(std::string_view text) {
  TextNumber number;
  number.negative = text.starts_with('-');
  take(text, "+-");
  const std::string whole = take_digits(text);
  const std::string fraction = take(text, ".") ? take_digits(text) : "";
  if (whole.empty() && fraction.empty()) return std::nullopt;

  std::string exponent;
  if (take(text, "eE")) {
    if (text.starts_with('-')) exponent = "-";
    take(text, "+-");
    const std::string digits = take_digits(text);
    if (digits.empty()) return std::nullopt;
    // Past 15 digits no text that fits in memory has zeros enough to bring the number back into its limits.
    const size_t first = std::min(digits.find_first_not_of('0'), digits.size() - 1);
    exponent += digits.size() - first > 15 ? "999999999999999" : digits.substr(first);
  }
  if (!text.empty()) return std::nullopt;

  number.digits = whole + fraction;
  number.exponent = (exponent.empty() ? 0 : std::stoll(exponent)) - static_cast<int64_t>(fraction.size());
  number.digits.erase(0, std::min(number.digits.find_first_not_of('0'), number.digits.size()));
  while (number.digits.ends_with('0')) {
    number.digits.pop_back();
    ++number.exponent;
  }
  if (number.digits.empty()) return TextNumber{};
  return number;
}

bool dynamodb_keeps(const TextNumber& number) {
  if (number.digits.empty()) return true;
  return number.digits.size() <= 38 && magnitude(number) >= -130 && magnitude(number) <= 125;
}

std::string plain(const TextNumber& number) {
  if (number.digits.empty()) return "0";
  const std::string sign = number.negative ? "-" : "";
  if (number.exponent >= 0) return sign + number.digits + zeros(number.exponent);
  if (magnitude(number) < 0) return sign + "0." + zeros(-magnitude(number) - 1) + number.digits;
  const auto point = static_cast<size_t>(magnitude(number) + 1);
  return sign + number.digits.substr(0, point) + "." + number.digits.substr(point);
}

bool is_integer_up_to(const TextNumber& number, const std::string& highest, const std::string& lowest) {
  if (number.exponent < 0) return false;
  const std::string& limit = number.negative ? lowest : highest;
  const std::string digits = plain(TextNumber{false, number.digits, number.exponent});
  return digits.size() < limit.size() || (digits.size() == limit.size() && digits <= limit);
}

double nearest_double(const TextNumber& number) {
  const std::string text = (number.negative ? "-" : "") + number.digits + "e" + std::to_string(number.exponent);
  double nearest = 0;
  if (!number.digits.empty()) std::from_chars(text.data(), text.data() + text.size(), nearest);
  return nearest;
}

TextNumber shortest_decimal(double value) {
  std::array<char, 64> buffer{};
  const char* const end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  return read_text_number({buffer.data(), static_cast<size_t>(end - buffer.data())}).value_or(TextNumber{});
}

std::string double_as_text(double value) {
  const TextNumber number = shortest_decimal(value);
  if (number.digits.empty()) return "0.0";
  if (magnitude(number) > 20 || magnitude(number) < -6) return scientific(number, 'e');
  return plain(number) + (number.exponent >= 0 ? ".0" : "");
}

std::string decimal128_as_text(const TextNumber& number) {
  if (number.exponent <= 0 && magnitude(number) >= -6) return plain(number);
  return scientific(number, 'E');
}

}  // namespace dynatlas
