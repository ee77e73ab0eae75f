// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string_view>

namespace dynatlas {

// Whether DynamoDB allows a table of this name, its length of at least 3 aside, which emulators do not ask for.
// Source: DynamoDB developer guide, "Naming rules and data types".
inline bool is_table_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  };
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), allowed);
}

}  // namespace dynatlas
