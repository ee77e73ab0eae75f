// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dynatlas {

struct JsonMember;

// A JSON value that keeps the order of names. What a number says is not kept: DynamoDB JSON has none.
struct Json {
  enum class Kind { null, boolean, number, string, object, array };
  Kind kind = Kind::null;
  bool truth = false;
  std::string text;
  std::vector<JsonMember> members;
  std::vector<Json> elements;
};

struct JsonMember {
  std::string name;
  Json json;
};

// The value that `text` is. Nothing where it is no JSON, holds a name twice in one object, is no UTF-8, escapes a lone
// surrogate, or nests deeper than any item could.
std::optional<Json> parse_json(std::string_view text);

// Appends `text` as a JSON string that is escaped only where JSON asks for it.
void print_json_string(std::string& out, std::string_view text);

}  // namespace dynatlas
