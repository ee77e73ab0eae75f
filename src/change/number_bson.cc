// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "change/number.h"
#include "change/number_digits.h"

namespace dynatlas {
namespace {

using namespace number_digits;

// 10^exponent for 0..38.
constexpr Wide wide_power_of_ten(int exponent) {
  const int low = std::min(exponent, 19);
  return Wide{powers_of_ten[static_cast<std::size_t>(low)]} * powers_of_ten[static_cast<std::size_t>(exponent - low)];
}

constexpr Wide decimal128_end = wide_power_of_ten(34);  // the first coefficient too long for a Decimal128
constexpr int decimal128_bias = 6176;

// The digits of a coefficient below 10^38, none for zero.
struct Digits {
  explicit Digits(Wide coefficient) noexcept {
    const std::uint64_t half = powers_of_ten[19];
    if (coefficient >> 64 == 0) {
      if (coefficient != 0) put(static_cast<std::uint64_t>(coefficient), 1);
      return;
    }
    const auto high = static_cast<std::uint64_t>(coefficient / half);
    put(high, 1);
    put(static_cast<std::uint64_t>(coefficient - Wide{high} * half), 19);
  }

  // Appends a value, with zeros before it up to `width` digits.
  void put(std::uint64_t value, std::ptrdiff_t width) noexcept {
    std::array<char, 20> digits;
    char* const last = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    for (std::ptrdiff_t zeros = width - (last - digits.data()); zeros > 0; --zeros) text[count++] = '0';
    std::copy(digits.data(), last, text.data() + count);
    count += static_cast<std::size_t>(last - digits.data());
  }

  std::string_view view() const noexcept { return {text.data(), count}; }

  std::array<char, digits_max + 1> text;
  std::size_t count = 0;
};

// The digits of the shortest text of a finite double, without its sign, and the exponent of the first of them.
struct ShortestDigits {
  // In the scientific form: the general one prints every digit of a large integer, more than the shortest text needs.
  explicit ShortestDigits(double value) noexcept {
    char* const last = text.data() + text.size();
    const char* const end = std::to_chars(text.data(), last, std::abs(value), std::chars_format::scientific).ptr;
    const char* const letter = std::find<const char*>(text.data(), end, 'e');
    std::from_chars(letter[1] == '+' ? letter + 2 : letter + 1, end, magnitude);
    if (letter - text.data() > 1) text[1] = text[0];  // over the point
    begin = letter - text.data() > 1 ? text.data() + 1 : text.data();
    count = static_cast<std::size_t>(letter - begin);
  }

  std::string_view view() const noexcept { return {begin, count}; }

  std::array<char, 32> text;
  const char* begin;
  std::size_t count;
  int magnitude = 0;
};

// Number to BSON

template <typename T>
std::uint8_t* put_little_endian(T value, std::uint8_t* out) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(out, &value, sizeof value);
  } else {
    for (std::size_t i = 0; i < sizeof value; ++i) out[i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  return out + sizeof value;
}

char* put(std::string_view text, char* out) noexcept { return std::copy(text.begin(), text.end(), out); }

char* put_zeros(int count, char* out) noexcept { return std::fill_n(out, std::max(count, 0), '0'); }

// Digits with the point `point` places after their start, which may be before or behind them all.
char* put_fixed(std::string_view digits, int point, char* out) noexcept {
  const int count = static_cast<int>(digits.size());
  if (point <= 0) return put(digits, put_zeros(-point, put("0.", out)));
  if (point >= count) return put_zeros(point - count, put(digits, out));
  const auto whole = static_cast<std::size_t>(point);
  out = put(digits.substr(0, whole), out);
  *out++ = '.';
  return put(digits.substr(whole), out);
}

char* put_plain(const Number& number, char* out) noexcept {
  if (number.coefficient == 0) return put("0", out);
  const Digits digits(number.coefficient);
  if (number.negative) *out++ = '-';
  return put_fixed(digits.view(), static_cast<int>(digits.view().size()) + number.exponent, out);
}

WrittenNumber write_text(const Number& number, std::uint8_t* out) noexcept {
  char* const text = reinterpret_cast<char*>(out + 4);
  char* const end = put_plain(number, text);
  *end = '\0';
  const auto length = static_cast<std::uint32_t>(end - text) + 1;
  put_little_endian(length, out);
  return {BsonType::string, out + 4 + length, false};
}

WrittenNumber write_decimal128_or_text(const Number& number, std::uint8_t* out) noexcept {
  if (number.coefficient >= decimal128_end) return write_text(number, out);
  const auto biased = static_cast<std::uint64_t>(number.exponent) + decimal128_bias;  // modulo 2^64
  const auto top = static_cast<std::uint64_t>(number.coefficient >> 64);
  const std::uint64_t high = std::uint64_t{number.negative} << 63 | biased << 49 | top;
  out = put_little_endian(static_cast<std::uint64_t>(number.coefficient), out);
  return {BsonType::decimal128, put_little_endian(high, out), false};
}

WrittenNumber write_integer(std::int64_t value, std::uint8_t* out) noexcept {
  const auto narrow = static_cast<std::int32_t>(value);
  if (narrow == value) return {BsonType::int32, put_little_endian(static_cast<std::uint32_t>(narrow), out), false};
  return {BsonType::int64, put_little_endian(static_cast<std::uint64_t>(value), out), false};
}

WrittenNumber write_double(double value, bool lossy, std::uint8_t* out) noexcept {
  return {BsonType::real, put_little_endian(std::bit_cast<std::uint64_t>(value), out), lossy};
}

// False when the number is not integral or does not fit.
bool as_int64(const Number& number, std::int64_t& value) noexcept {
  const std::uint64_t limit = (std::uint64_t{1} << 63) - (number.negative ? 0 : 1);
  if (number.exponent < 0 || number.exponent > 18 || number.coefficient > limit) return false;
  const Wide magnitude = number.coefficient * powers_of_ten[static_cast<std::size_t>(number.exponent)];
  if (magnitude > limit) return false;
  const auto bits = static_cast<std::uint64_t>(magnitude);
  value = static_cast<std::int64_t>(number.negative ? 0 - bits : bits);
  return true;
}

constexpr std::array<double, 23> exact_powers_of_ten = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// Both operands are exact, so that the one operation rounds correctly (Clinger, 1990).
bool is_one_operation(const Number& number) noexcept {
  return number.coefficient <= std::uint64_t{1} << 53 && number.exponent >= -22 && number.exponent <= 22;
}

double by_one_operation(const Number& number) noexcept {
  const auto coefficient = static_cast<double>(static_cast<std::uint64_t>(number.coefficient));
  const double power = exact_powers_of_ten[static_cast<std::size_t>(std::abs(number.exponent))];
  return number.exponent < 0 ? coefficient / power : coefficient * power;
}

double by_text(const Number& number) noexcept {
  std::array<char, digits_max + 5> text;
  char* end = put(Digits(number.coefficient).view(), text.data());
  *end++ = 'e';
  end = std::to_chars(end, text.data() + text.size(), number.exponent).ptr;
  double value = 0;
  std::from_chars(text.data(), end, value);
  return value;
}

double nearest_double(const Number& number) noexcept {
  const double size = is_one_operation(number) ? by_one_operation(number) : by_text(number);
  return number.negative ? -size : size;
}

bool prints_as(double value, const Number& number) noexcept {
  Number printed;
  return number_of_double(value, printed) == NumberFault::none && printed == number;
}

// Whether the double nearest to a number prints as the number. In this range 15 digits always survive a double, and no
// shortest text has more than 17.
bool survives(const Number& number, double nearest) noexcept {
  if (number.coefficient < powers_of_ten[15]) return true;
  return number.coefficient < powers_of_ten[17] && prints_as(nearest, number);
}

WrittenNumber write_real(const Number& number, std::uint8_t* out) noexcept {
  const double nearest = nearest_double(number);
  return write_double(nearest, !survives(number, nearest), out);
}

WrittenNumber write_natural(const Number& number, std::uint8_t* out) noexcept {
  if (number.coefficient < powers_of_ten[17]) {
    const double nearest = nearest_double(number);
    if (survives(number, nearest)) return write_double(nearest, false, out);
  }
  return write_decimal128_or_text(number, out);
}

// BSON to number

// Strips zeros in powers of two: at most seven divisions instead of one a zero.
Number normalised_wide(Wide coefficient, int exponent, bool negative) noexcept {
  if (coefficient >> 64 == 0) return normalised(static_cast<std::uint64_t>(coefficient), exponent, negative);
  if (coefficient % 10 != 0) return {coefficient, exponent, negative};
  for (const int zeros : {32, 16, 8, 4, 2, 1}) {
    const Wide power = wide_power_of_ten(zeros);
    if (coefficient % power != 0) continue;
    coefficient /= power;
    exponent += zeros;
  }
  return {coefficient, exponent, negative};
}

// IEEE 754-2008, decimal128 in binary encoding.
struct Decimal128 {
  enum class Kind : std::uint8_t { finite, infinity, nan };

  Decimal128(std::uint64_t low, std::uint64_t high) noexcept : negative(high >> 63 != 0) {
    if ((high >> 58 & 0x1F) == 0x1F) kind = Kind::nan;
    if ((high >> 58 & 0x1F) == 0x1E) kind = Kind::infinity;
    // "11" after the sign moves the exponent two bits down and implies a coefficient of 2^113 or more. That is above 34
    // digits, and the standard reads all such coefficients as zero.
    const bool implied = (high >> 61 & 3) == 3;
    exponent = static_cast<int>(high >> (implied ? 47 : 49) & 0x3FFF) - decimal128_bias;
    const Wide stored = Wide{high & 0x1FFFFFFFFFFFF} << 64 | low;
    if (!implied && stored < decimal128_end) coefficient = stored;
  }

  Wide coefficient = 0;
  int exponent = 0;
  bool negative = false;
  Kind kind = Kind::finite;
};

std::string_view sign(bool negative) noexcept { return negative ? "-" : ""; }

// One digit, the others after a point, and the exponent of the first with its sign.
std::string scientific(std::string_view digits, int magnitude, char letter) {
  std::string text(digits.substr(0, 1));
  if (digits.size() > 1) text.append(1, '.').append(digits.substr(1));
  return text.append(1, letter).append(magnitude < 0 ? "" : "+").append(std::to_string(magnitude));
}

std::string fixed(std::string_view digits, int point) {
  std::array<char, number_bytes_max> text;
  return {text.data(), put_fixed(digits, point, text.data())};
}

}  // namespace

WrittenNumber write_number(const Number& number, NumberPolicy policy, std::uint8_t* out) noexcept {
  if (policy == NumberPolicy::string) return write_text(number, out);
  if (policy == NumberPolicy::real) return write_real(number, out);
  if (std::int64_t value = 0; as_int64(number, value)) return write_integer(value, out);
  return policy == NumberPolicy::natural ? write_natural(number, out) : write_decimal128_or_text(number, out);
}

std::string plain_text(const Number& number) {
  std::array<char, number_bytes_max> text;
  return {text.data(), put_plain(number, text.data())};
}

NumberFault number_of_double(double value, Number& number) noexcept {
  if (!std::isfinite(value)) return NumberFault::not_a_number;
  if (value == 0) {
    number = {};
    return NumberFault::none;
  }
  const ShortestDigits shortest(value);
  const int exponent = shortest.magnitude - static_cast<int>(shortest.count) + 1;
  if (const NumberFault fault = judge(shortest.count, exponent); fault != NumberFault::none) return fault;
  std::uint64_t coefficient = 0;
  read_digits(shortest.begin, shortest.begin + shortest.count, coefficient);
  number = normalised(coefficient, exponent, std::signbit(value));
  return NumberFault::none;
}

NumberFault number_of_decimal128(std::uint64_t low, std::uint64_t high, Number& number) noexcept {
  const Decimal128 decimal(low, high);
  if (decimal.kind != Decimal128::Kind::finite) return NumberFault::not_a_number;
  const Number found = normalised_wide(decimal.coefficient, decimal.exponent, decimal.negative);
  if (found.coefficient != 0) {
    const NumberFault fault = judge(Digits(found.coefficient).view().size(), found.exponent);
    if (fault != NumberFault::none) return fault;
  }
  number = found;
  return NumberFault::none;
}

std::string decimal128_text(std::uint64_t low, std::uint64_t high) {
  const Decimal128 decimal(low, high);
  if (decimal.kind == Decimal128::Kind::nan) return "NaN";
  std::string text(sign(decimal.negative));
  if (decimal.kind == Decimal128::Kind::infinity) return text + "Infinity";
  const Digits significant(decimal.coefficient);
  const std::string_view digits = decimal.coefficient == 0 ? "0" : significant.view();
  const int point = static_cast<int>(digits.size()) + decimal.exponent;
  const bool is_scientific = decimal.exponent > 0 || point - 1 < -6;
  return text + (is_scientific ? scientific(digits, point - 1, 'E') : fixed(digits, point));
}

std::string double_text(double value) {
  if (std::isnan(value)) return "NaN";
  std::string text(sign(std::signbit(value)));
  if (std::isinf(value)) return text + "Infinity";
  const ShortestDigits shortest(value);
  const int point = shortest.magnitude + 1;
  // Where the mongo shell and browsers change to the scientific form.
  if (point > 21 || point < -5) return text + scientific(shortest.view(), shortest.magnitude, 'e');
  text += fixed(shortest.view(), point);
  return point >= static_cast<int>(shortest.count) ? text + ".0" : text;
}

}  // namespace dynatlas
