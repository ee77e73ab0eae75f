// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "change/rules.h"

namespace YAML {  // NOLINT(readability-identifier-naming): the library's name
class Node;
}

namespace dynatlas {

// An error of kind usage that names the file and the line of `node`, where it comes from the file.
Error config_error(const YAML::Node& node, const std::string& file, std::string_view what);

// Fills `rules`, which hold what the entry inherits, from one entry of `tables`. A `key` that is given wins over the
// entry's.
Result<void> read_table_rules(const YAML::Node& entry, const std::string& file, const std::vector<std::string>& key,
                              TableRules& rules);

// Why documents cannot go to this collection, beginning with "has" or "is"; empty where they can. The collection `*`
// stands for the table's name.
std::string target_fault(std::string_view database, std::string_view collection);

// Stands for all that must not change while documents stand in the target.
std::string fingerprint_of(const TableRules& rules);

}  // namespace dynatlas
