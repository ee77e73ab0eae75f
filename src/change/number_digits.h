// SPDX-License-Identifier: Apache-2.0
#pragma once

// What number.cc and number_bson.cc share: digits in, and the limits.

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "change/number.h"

namespace dynatlas::number_digits {

using Wide = unsigned __int128;

inline constexpr int digits_max = 38;
inline constexpr int magnitude_max = 125;  // exponents of the first digit
inline constexpr int magnitude_min = -130;

constexpr auto make_powers_of_ten() {
  std::array<std::uint64_t, 20> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}

inline constexpr std::array<std::uint64_t, 20> powers_of_ten = make_powers_of_ten();

inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Little endian.
template <typename Word>
Word load(const char* at) noexcept {
  Word word{};
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&word, at, sizeof word);
  } else {
    for (std::size_t i = 0; i < sizeof word; ++i) word |= Word{static_cast<std::uint8_t>(at[i])} << 8 * i;
  }
  return word;
}

// A digit is 0x30..0x39: its high half is 3, and stays so when 6 is added. Only a byte that fails itself can carry.
inline bool all_digits(std::uint64_t eight) noexcept {
  constexpr std::uint64_t high_halves = 0xF0F0F0F0F0F0F0F0;
  const std::uint64_t plus_six = eight + 0x0606060606060606;
  return ((eight & high_halves) | (plus_six & high_halves) >> 4) == 0x3333333333333333;
}

// The value of eight bytes 0 to 9, the first the most. Adds neighbours in pairs: digits to two-digit numbers, these to
// four-digit ones, these to the result.
inline std::uint64_t value_of_eight(std::uint64_t eight) noexcept {
  eight = eight * 10 + (eight >> 8);
  constexpr std::uint64_t mask = 0x000000FF000000FF;
  return ((eight & mask) * 0x000F424000000064 + (eight >> 16 & mask) * 0x0000271000000001) >> 32;
}

// Appends the digits at the front of the text to `value`, modulo 2^64, and returns where they end.
inline const char* read_digits(const char* at, const char* end, std::uint64_t& value) noexcept {
  while (end - at >= 8) {
    const std::uint64_t eight = load<std::uint64_t>(at);
    if (!all_digits(eight)) break;
    value = value * 100'000'000 + value_of_eight(eight ^ 0x3030303030303030);
    at += 8;
  }
  for (; at != end && is_digit(*at); ++at) value = value * 10 + static_cast<std::uint64_t>(*at - '0');
  return at;
}

// Multiplication by the inverse of ten modulo 2^64: small exactly when ten divides (Granlund and Montgomery, 1994).
inline Number normalised(std::uint64_t coefficient, int exponent, bool negative) noexcept {
  if (coefficient == 0) return {};
  for (;;) {
    const std::uint64_t tenth = std::rotr(coefficient * 0xCCCCCCCCCCCCCCCD, 1);
    if (tenth > 0x1999999999999999) return {coefficient, exponent, negative};
    coefficient = tenth;
    ++exponent;
  }
}

// Whether DynamoDB holds a number of so many significant digits whose last one has this exponent.
inline NumberFault judge(std::size_t digits, std::int64_t exponent) noexcept {
  if (digits > digits_max) return NumberFault::too_many_digits;
  const std::int64_t magnitude = exponent + static_cast<std::int64_t>(digits) - 1;
  if (magnitude > magnitude_max) return NumberFault::magnitude_too_big;
  if (magnitude < magnitude_min) return NumberFault::magnitude_too_small;
  return NumberFault::none;
}

}  // namespace dynatlas::number_digits
