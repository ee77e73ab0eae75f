// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "change/bson.h"

namespace dynatlas {

// A DynamoDB number, exactly: (-1)^negative * coefficient * 10^exponent.
//
// Always normalised: the coefficient has no trailing zero in base ten and zero is {0, 0, false}, so that two texts of
// one number ("1", "1.0", "1e0", "-0" and "0") give equal values. The coefficient has at most 38 digits.
struct Number {
  unsigned __int128 coefficient = 0;
  int exponent = 0;
  bool negative = false;

  friend bool operator==(const Number&, const Number&) = default;
};

// Why a text is not a number that DynamoDB accepts.
enum class NumberFault : std::uint8_t {
  none,
  not_a_number,         // not of the grammar below
  too_many_digits,      // more than 38 significant digits after zeros at both ends are stripped
  magnitude_too_big,    // above 9.9999999999999999999999999999999999999E+125
  magnitude_too_small,  // not zero and below 1E-130
};

// A sentence part for a person, such as "has more than 38 significant digits".
std::string_view describe(NumberFault fault);

// Parses the text of a DynamoDB `N` attribute: [+-]?(digits[.digits]|.digits)[(e|E)[+-]digits], "5." and leading zeros
// included (docs/file-formats.md). Never rounds. Any length of text and of exponent digits is judged right: zeros are
// stripped before precision is judged, so thirty digits and ninety-six zeros are thirty digits.
// Source: DynamoDB developer guide, "Naming rules and data types", Number.
NumberFault parse_number(std::string_view text, Number& number) noexcept;

// How a number becomes BSON.
enum class NumberPolicy : std::uint8_t {
  natural,  // int32, else int64 when integral; else double when its shortest text is the same number; else Decimal128
            // up to 34 digits; else string
  decimal,  // int32, else int64 when integral; else Decimal128 up to 34 digits; else string
  real,     // every number a double, lossy ("double" in the configuration)
  string,   // DynamoDB's plain text
  key,      // as `decimal`: what stands inside `_id`, where a double never may
};

// The most bytes that write_number writes: a length, a plain text of 38 digits after 130 zeros with sign and point, a
// NUL.
inline constexpr std::size_t number_bytes_max = 192;

struct WrittenNumber {
  BsonType type;
  std::uint8_t* end;  // one past the last byte written
  bool lossy;         // the double is another number than the source's (policy `real` only)
};

// Writes the value part of a BSON element (no type byte, no name) at `out`, little endian; needs number_bytes_max bytes
// there.
WrittenNumber write_number(const Number& number, NumberPolicy policy, std::uint8_t* out) noexcept;

// DynamoDB's own text of a number: plain decimal, no exponent, no superfluous zero ("-0.5", "1000", "0").
std::string plain_text(const Number& number);

// The number that a finite double prints as in its shortest text. Fails for NaN, infinities and what DynamoDB cannot
// hold.
NumberFault number_of_double(double value, Number& number) noexcept;

// The number a Decimal128 holds (low and high 64 bits, BID encoding). Fails for NaN, infinities and what DynamoDB
// cannot hold.
NumberFault number_of_decimal128(std::uint64_t low, std::uint64_t high, Number& number) noexcept;

// A Decimal128 as Extended JSON v2 prints it (scientific form where the exponent is above 0 or the adjusted exponent
// below -6). Source: specifications/source/bson-decimal128, "To String Representation".
std::string decimal128_text(std::uint64_t low, std::uint64_t high);

// A double as the shortest text that reads back the same, with ".0" where it would look like an integer ("5.0",
// "1E+125" is "1e+125"); "NaN", "Infinity" and "-Infinity" as Extended JSON v2 spells them.
std::string double_text(double value);

}  // namespace dynatlas
