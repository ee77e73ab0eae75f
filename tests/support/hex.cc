// SPDX-License-Identifier: Apache-2.0
#include "hex.h"

#include <cstdlib>

namespace dynatlas {
namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

}  // namespace

std::string from_hex(std::string_view hex) {
  std::string bytes;
  std::size_t seen = 0;
  for (const char c : hex) {
    if (c == ' ') continue;
    const std::size_t value = digits.find(c);
    if (value == std::string_view::npos) std::abort();  // the test is wrong
    if (seen++ % 2 == 0) bytes += '\0';
    bytes.back() = static_cast<char>(static_cast<unsigned char>(bytes.back()) * 16 + value);
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) {
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 15];
  }
  return hex;
}

}  // namespace dynatlas
