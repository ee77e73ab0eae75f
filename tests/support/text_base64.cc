// SPDX-License-Identifier: Apache-2.0
#include "text_base64.h"

namespace dynatlas {
namespace {

constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

}  // namespace

std::optional<std::string> text_base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  size_t padding = 0;
  while (padding < 2 && text.ends_with('=')) {
    text.remove_suffix(1);
    ++padding;
  }
  std::string bytes;
  unsigned window = 0;
  int bits = 0;
  for (const char c : text) {
    const size_t six = letters.find(c);
    if (six == std::string_view::npos) return std::nullopt;
    window = ((window << 6) | static_cast<unsigned>(six)) & 0xFFFF;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((window >> bits) & 0xFF);
    }
  }
  return bytes;
}

std::string text_base64_encode(std::string_view bytes) {
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const std::string_view group = bytes.substr(at, 3);
    unsigned window = 0;
    for (size_t i = 0; i < 3; ++i)
      window = (window << 8) | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0U);
    for (size_t i = 0; i < 4; ++i) text += i <= group.size() ? letters[(window >> (18 - 6 * i)) & 63] : '=';
  }
  return text;
}

}  // namespace dynatlas
