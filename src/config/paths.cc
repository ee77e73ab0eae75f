// SPDX-License-Identifier: Apache-2.0
#include "config/paths.h"

#include <algorithm>

#include "base/field_name.h"
#include "change/limits.h"

namespace dynatlas {

namespace {

// Of an attribute inside of as many maps as an item may nest.
constexpr std::size_t path_names_max = nesting_max + 1;

// Splits at each unescaped separator and takes the escapes away; `found` are the separators. Empty where a backslash
// escapes nothing.
std::optional<std::vector<std::string>> split(std::string_view text, std::string_view separators, std::string& found) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      if (i + 1 == text.size()) return std::nullopt;
      parts.back() += text[++i];
    } else if (separators.find(text[i]) != std::string_view::npos) {
      found += text[i];
      parts.emplace_back();
    } else {
      parts.back() += text[i];
    }
  }
  return parts;
}

}  // namespace

std::optional<std::vector<std::string>> split_path(std::string_view path) {
  std::string found;
  auto names = split(path, ".", found);
  const bool valid = names && names->size() <= path_names_max &&
                     std::none_of(names->begin(), names->end(), [](const std::string& name) { return name.empty(); });
  return valid ? names : std::nullopt;
}

std::string join_path(const std::vector<std::string>& names) {
  std::string path;
  for (const std::string& name : names) append_path_segment(path, name);
  return path;
}

std::optional<KeyOption> parse_key_option(std::string_view option) {
  std::string found;
  auto parts = split(option, ",=", found);
  if (!parts || std::any_of(parts->begin(), parts->end(), [](const std::string& part) { return part.empty(); }))
    return std::nullopt;
  KeyOption key{"*", {}};
  if (!found.empty() && found[0] == '=') {
    key.table = parts->front();
    parts->erase(parts->begin());
    found.erase(0, 1);
  }
  if (found.size() > 1 || found.find('=') != std::string::npos) return std::nullopt;
  key.names = *parts;
  if (key.names.size() == 2 && key.names[0] == key.names[1]) return std::nullopt;
  return key;
}

std::optional<MapOption> parse_map_option(std::string_view option) {
  const std::size_t equals = option.find('=');
  if (equals == 0 || equals == std::string_view::npos) return std::nullopt;
  const std::string_view target = option.substr(equals + 1);
  const std::size_t dot = target.find('.');
  if (dot == 0 || dot == std::string_view::npos || dot + 1 == target.size()) return std::nullopt;
  return MapOption{std::string(option.substr(0, equals)), std::string(target.substr(0, dot)),
                   std::string(target.substr(dot + 1))};
}

}  // namespace dynatlas
