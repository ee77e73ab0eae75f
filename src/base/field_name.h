// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dynatlas {

// Which names MongoDB cannot store or address safely, and so are escaped (docs/type-mapping.md, "Field names"):
//
//   a leading `$` is `%24`, NUL is `%00`, a `%` that two hex digits follow is `%25`, the empty name is `%` and the name
//   `%` is
//   `%25`; at the top level `_id` is `%5Fid` and the metadata field's name has its first character as `%XX`; with
//   `escape_dots` a `.` is `%2E`.
//
// Every `%` that two hex digits follow in a stored name is therefore an escape: the way back needs no rules.
struct NameRules {
  std::string metadata = "_dynatlas";
  bool escape_dots = false;
};

// A source name as it is stored.
std::string escape_name(std::string_view name, bool top_level, const NameRules& rules);

// A stored name as the source has it.
std::string unescape_name(std::string_view stored);

// Appends `name` to a path: segments are joined by `.`, and a `.` or `\` inside a name is escaped by `\`.
void append_path_segment(std::string& path, std::string_view name);

}  // namespace dynatlas
