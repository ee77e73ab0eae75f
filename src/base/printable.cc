// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>

namespace dynatlas {

namespace {

// The code point at the start of `text` and its bytes; size 0 where there is no valid UTF-8.
struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;
};

CodePoint first_code_point(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t value = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80) return {};
    value = (value << 6U) | (byte & 0x3FU);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  return overlong || surrogate || value > 0x10FFFF ? CodePoint{} : CodePoint{value, size};
}

// Source: Unicode Standard Annex 9, table 4 "Bidirectional Character Types", the explicit formatting characters.
bool is_unsafe(char32_t c) {
  struct Range {
    char32_t first;
    char32_t last;
  };
  constexpr std::array<Range, 6> ranges = {
      {{0x00, 0x1F}, {0x7F, 0x9F}, {0x061C, 0x061C}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}}};
  return std::any_of(ranges.begin(), ranges.end(), [c](const Range& r) { return c >= r.first && c <= r.last; });
}

// Takes away what stands before the last `@` of a word that holds `://`: a URI in the wrong place of a command line is
// told, its password is not.
std::string without_credentials(std::string_view text) {
  std::string out(text);
  for (std::size_t at = out.find("://"); at != std::string::npos; at = out.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = std::min(out.find_first_of(" \t\r\n", begin), out.size());
    const std::size_t mark = out.rfind('@', end);
    if (mark != std::string::npos && mark > begin && mark < end) out.replace(begin, mark - begin, "..");
  }
  return out;
}

}  // namespace

std::string printable(std::string_view text) {
  const std::string redacted = without_credentials(text);
  text = redacted;
  std::string out;
  while (!text.empty()) {
    const CodePoint found = first_code_point(text);
    if (found.size == 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (is_unsafe(found.value)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<std::uint32_t>(found.value));
    } else {
      out += text.substr(0, found.size);
    }
    text.remove_prefix(std::max<std::size_t>(found.size, 1));
  }
  return out;
}

}  // namespace dynatlas
