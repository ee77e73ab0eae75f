// SPDX-License-Identifier: Apache-2.0
#include "base/field_name.h"

#include <cctype>
#include <cstdlib>

namespace dynatlas {

namespace {

bool is_hex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }

bool is_escape(std::string_view name, std::size_t at) {
  return name[at] == '%' && at + 2 < name.size() && is_hex(name[at + 1]) && is_hex(name[at + 2]);
}

void append_escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

}  // namespace

std::string escape_name(std::string_view name, bool top_level, const NameRules& rules) {
  if (name.empty()) return "%";
  if (name == "%") return "%25";
  const bool reserved = top_level && (name == "_id" || name == rules.metadata);
  std::string stored;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool escape =
        (i == 0 && (c == '$' || reserved)) || c == '\0' || (c == '.' && rules.escape_dots) || is_escape(name, i);
    if (escape) {
      append_escape(stored, c);
    } else {
      stored += c;
    }
  }
  return stored;
}

std::string unescape_name(std::string_view stored) {
  if (stored == "%") return "";
  std::string name;
  for (std::size_t i = 0; i < stored.size(); ++i) {
    if (is_escape(stored, i)) {
      name += static_cast<char>(std::strtoul(std::string(stored.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      name += stored[i];
    }
  }
  return name;
}

void append_path_segment(std::string& path, std::string_view name) {
  if (!path.empty()) path += '.';
  for (const char c : name) {
    if (c == '.' || c == '\\') path += '\\';
    path += c;
  }
}

}  // namespace dynatlas
