// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace dynatlas {

// A decimal number as text, so that nothing can round it.
struct TextNumber {
  bool negative = false;
  std::string digits;    // no zero first or last; empty for zero
  int64_t exponent = 0;  // value = digits * 10^exponent

  bool operator==(const TextNumber&) const = default;
  bool operator<(const TextNumber& other) const {  // some order, for sets
    return std::tie(negative, digits, exponent) < std::tie(other.negative, other.digits, other.exponent);
  }
};

// Reads [+-]?(digits[.digits]|digits.|.digits)[(e|E)[+-]?digits] of any size; nothing for any other text.
std::optional<TextNumber> read_text_number(std::string_view text);

// Whether DynamoDB keeps the number: at most 38 digits, 1E-130 to 9.99..E+125.
bool dynamodb_keeps(const TextNumber& number);

// As DynamoDB prints it: no exponent, no zero that could be left out.
std::string plain(const TextNumber& number);

// Whether it is an integer between -`lowest` and `highest`, both given as digits.
bool is_integer_up_to(const TextNumber& number, const std::string& highest, const std::string& lowest);

double nearest_double(const TextNumber& number);

// The shortest digits that read back as the same double, as Ryu, Python and JavaScript find them: 9223372036854775808
// is 9223372036854776000 then.
TextNumber shortest_decimal(double value);

// As double_text() in change/number.h promises it, and JavaScript prints it but for the ".0" behind a bare integer: an
// exponent from 1e+21 on and below 0.000001.
std::string double_as_text(double value);

// As the specification of Decimal128's text has it: an exponent where the plain form would need zeros that are not
// there, or many.
std::string decimal128_as_text(const TextNumber& number);

}  // namespace dynatlas
