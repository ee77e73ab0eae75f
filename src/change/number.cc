// SPDX-License-Identifier: Apache-2.0
#include "change/number.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string_view>

#include "change/number_digits.h"

namespace dynatlas {
namespace {

using namespace number_digits;

// A text of up to as many characters as `Word` has bytes is read without a loop, whose end no processor foretells.

template <typename Word>
constexpr Word repeated(std::uint8_t byte) {
  return ~Word{0} / 255 * byte;
}

int trailing_zero_bits(std::uint64_t word) noexcept { return std::countr_zero(word); }
int trailing_zero_bits(Wide word) noexcept {
  const auto low = static_cast<std::uint64_t>(word);
  return low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(static_cast<std::uint64_t>(word >> 64));
}

int leading_zero_bits(std::uint64_t word) noexcept { return std::countl_zero(word); }
int leading_zero_bits(Wide word) noexcept {
  const auto high = static_cast<std::uint64_t>(word >> 64);
  return high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<std::uint64_t>(word));
}

// The first character in the lowest byte. Parts that overlap agree.
std::uint64_t load_at_most_eight(const char* at, std::size_t count) noexcept {
  if (count >= 4)
    return load<std::uint32_t>(at) | std::uint64_t{load<std::uint32_t>(at + count - 4)} << 8 * (count - 4);
  const auto byte = [at](std::size_t i) { return std::uint64_t{static_cast<std::uint8_t>(at[i])} << 8 * i; };
  return byte(0) | byte(count / 2) | byte(count - 1);
}

void load_text(const char* at, std::size_t count, std::uint64_t& word) noexcept {
  word = load_at_most_eight(at, count);
}
void load_text(const char* at, std::size_t count, Wide& word) noexcept {
  word = load<std::uint64_t>(at) | Wide{load<std::uint64_t>(at + count - 8)} << 8 * (count - 8);
}

std::uint64_t value_of_digits(std::uint64_t digits) noexcept { return value_of_eight(digits); }
std::uint64_t value_of_digits(Wide digits) noexcept {
  const std::uint64_t high = value_of_eight(static_cast<std::uint64_t>(digits));
  return high * 100'000'000 + value_of_eight(static_cast<std::uint64_t>(digits >> 64));
}

// Bit 7 of every byte above 9.
template <typename Word>
Word above_nine(Word bytes) noexcept {
  const Word low_bits = bytes & repeated<Word>(0x7F);
  return ((low_bits + repeated<Word>(0x76)) | bytes) & repeated<Word>(0x80);
}

// Takes the one byte that is no digit out and returns how many follow it. Negative when it is not a point.
template <typename Word>
int take_point(Word& digits, Word foreign) noexcept {
  const int bit = trailing_zero_bits(foreign) - 7;
  if ((foreign & (foreign - 1)) != 0 || static_cast<std::uint8_t>(digits >> bit) != ('.' ^ '0')) return -1;
  const Word before = digits & ((Word{1} << bit) - 1);
  digits = (digits >> bit >> 8 << 8 << bit) | before << 8;
  return static_cast<int>(sizeof(Word)) - 1 - bit / 8;
}

// Reads `count` characters, digits and at most one point. False for anything else, also for what may be a number.
template <typename Word>
bool parse_word(const char* at, std::size_t count, bool negative, Number& number) noexcept {
  Word digits;
  load_text(at, count, digits);
  // The last character to the highest byte; the bytes before the first become leading zeros.
  digits = (digits ^ repeated<Word>('0')) << 8 * (sizeof(Word) - count);
  int places = 0;
  if (const Word foreign = above_nine(digits); foreign != 0) {
    places = take_point(digits, foreign);
    if (places < 0 || count == 1) return false;
  }
  if (digits == 0) {
    number = {};
    return true;
  }
  const int zeros = leading_zero_bits(digits) / 8;
  number = {value_of_digits(digits << 8 * zeros), zeros - places, negative};
  return true;
}

// Reads up to 21 characters that are digits and at most one point, up to 19 digits.
bool parse_loop(const char* at, const char* end, bool negative, Number& number) noexcept {
  std::uint64_t coefficient = 0;
  const char* const whole = at;
  at = read_digits(at, end, coefficient);
  std::ptrdiff_t count = at - whole;
  std::ptrdiff_t places = 0;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    at = read_digits(at, end, coefficient);
    places = at - fraction;
    count += places;
  }
  if (at != end || count == 0 || count > 19) return false;
  number = normalised(coefficient, -static_cast<int>(places), negative);
  return true;
}

// The usual text: no exponent, no plus and at most 19 digits. These are within every limit. False for anything else.
bool parse_short(std::string_view text, Number& number) noexcept {
  const bool negative = text.starts_with('-');
  const char* const at = text.data() + (negative ? 1 : 0);
  const std::size_t count = text.size() - (negative ? 1 : 0);
  if (count - 1 < 8) return parse_word<std::uint64_t>(at, count, negative, number);
  if (count - 1 < 16) return parse_word<Wide>(at, count, negative, number);
  return count <= 20 && parse_loop(at, at + count, negative, number);
}

// The parts of a text that follows the grammar; the digits are those of the text, zeros and all.
struct Parts {
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
  bool negative = false;
};

// Takes the digits at the front off `text`.
std::string_view take_digits(std::string_view& text) noexcept {
  const auto* const last = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(last - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

bool take(std::string_view& text, char c) noexcept {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// Takes a sign; true when it is a minus.
bool take_sign(std::string_view& text) noexcept {
  if (take(text, '-')) return true;
  take(text, '+');
  return false;
}

// Beyond this an exponent is out of range whatever the digits before it: no text is as long.
constexpr std::int64_t exponent_saturated = std::int64_t{1} << 56;

std::int64_t saturated_value(std::string_view digits) noexcept {
  std::int64_t value = 0;
  for (const char c : digits) {
    if (value < exponent_saturated) value = value * 10 + (c - '0');
  }
  return value;
}

// False when the text does not follow the grammar.
bool split(std::string_view text, Parts& parts) noexcept {
  parts.negative = take_sign(text);
  parts.whole = take_digits(text);
  if (take(text, '.')) parts.fraction = take_digits(text);
  if (parts.whole.empty() && parts.fraction.empty()) return false;
  if (text.empty()) return true;
  if (!take(text, 'e') && !take(text, 'E')) return false;
  const bool negative = take_sign(text);
  const std::string_view digits = take_digits(text);
  parts.exponent = negative ? -saturated_value(digits) : saturated_value(digits);
  return text.empty() && !digits.empty();
}

void strip_leading_zeros(std::string_view& digits) noexcept {
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
}

void strip_trailing_zeros(std::string_view& digits) noexcept {
  digits = digits.substr(0, digits.find_last_not_of('0') + 1);  // npos + 1 is 0
}

// Strips the zeros at both ends, also across the point. The exponent becomes that of the last digit left.
void strip_zeros(Parts& parts) noexcept {
  strip_trailing_zeros(parts.fraction);
  parts.exponent -= static_cast<std::int64_t>(parts.fraction.size());
  if (parts.fraction.empty()) {
    const std::size_t before = parts.whole.size();
    strip_trailing_zeros(parts.whole);
    parts.exponent += static_cast<std::int64_t>(before - parts.whole.size());
  }
  strip_leading_zeros(parts.whole);
  if (parts.whole.empty()) strip_leading_zeros(parts.fraction);
}

// The value of at most 38 digits in two pieces.
Wide coefficient_of(std::string_view whole, std::string_view fraction) noexcept {
  std::array<char, digits_max> digits;
  char* const end = std::copy(fraction.begin(), fraction.end(), std::copy(whole.begin(), whole.end(), digits.data()));
  char* const middle = digits.data() + std::min<std::ptrdiff_t>(19, end - digits.data());
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  read_digits(digits.data(), middle, high);
  read_digits(middle, end, low);
  return Wide{high} * powers_of_ten[static_cast<std::size_t>(end - middle)] + low;
}

NumberFault parse_any(std::string_view text, Number& number) noexcept {
  Parts parts;
  if (!split(text, parts)) return NumberFault::not_a_number;
  strip_zeros(parts);
  const std::size_t count = parts.whole.size() + parts.fraction.size();
  if (count == 0) {
    number = {};
    return NumberFault::none;
  }
  if (const NumberFault fault = judge(count, parts.exponent); fault != NumberFault::none) return fault;
  number = {coefficient_of(parts.whole, parts.fraction), static_cast<int>(parts.exponent), parts.negative};
  return NumberFault::none;
}

}  // namespace

std::string_view describe(NumberFault fault) {
  switch (fault) {
    case NumberFault::none:
      return "is a number";
    case NumberFault::not_a_number:
      return "is not a number";
    case NumberFault::too_many_digits:
      return "has more than 38 significant digits";
    case NumberFault::magnitude_too_big:
      return "is beyond 9.9999999999999999999999999999999999999E+125";
    case NumberFault::magnitude_too_small:
      return "is nearer to zero than 1E-130";
  }
  return "is not a number";
}

NumberFault parse_number(std::string_view text, Number& number) noexcept {
  return parse_short(text, number) ? NumberFault::none : parse_any(text, number);
}

}  // namespace dynatlas
