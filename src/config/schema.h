// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace YAML {  // NOLINT(readability-identifier-naming): the library's name
class Node;
}

namespace dynatlas {

struct SchemaMember;

// What may stand at one place of the configuration: docs/configuration.md as data.
struct Schema {
  enum class Kind { text, url, on_off, count, word, texts, map, list, anything };

  Kind kind = Kind::text;
  std::vector<std::string_view> words;  // of `word`
  std::vector<SchemaMember> members;    // of `map`
  std::vector<Schema> element;          // of `list`: one
};

struct SchemaMember {
  std::string_view name;
  Schema schema;
};

// The whole file.
const Schema& configuration_schema();

// Checks a file against its schema. An error of kind usage names the file, line and key, and suggests a key for an
// unknown one.
Result<void> check_schema(const YAML::Node& node, const Schema& schema, const std::string& file);

}  // namespace dynatlas
