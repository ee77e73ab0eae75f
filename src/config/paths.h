// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dynatlas {

// The names of an attribute path: joined by `.`, a `.` or `\` inside a name escaped by `\`. Empty where it is no path,
// or one that leads deeper than an item may be.
std::optional<std::vector<std::string>> split_path(std::string_view path);

// The way back.
std::string join_path(const std::vector<std::string>& names);

// --key [TABLE=]HASH[,RANGE]: a `,`, `=` or `\` in a name is escaped by `\`. Without a table it is that of `*`.
struct KeyOption {
  std::string table;
  std::vector<std::string> names;
};
std::optional<KeyOption> parse_key_option(std::string_view option);

// --map TABLE=DATABASE.COLLECTION, split at the first dot.
struct MapOption {
  std::string table;
  std::string database;
  std::string collection;
};
std::optional<MapOption> parse_map_option(std::string_view option);

}  // namespace dynatlas
