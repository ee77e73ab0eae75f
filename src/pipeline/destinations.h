// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "change/change.h"
#include "config/config.h"

namespace dynatlas {

// The collections of a run; changes refer to them.
class Destinations {
 public:
  explicit Destinations(const Config& config) : config_(config) {}

  // Fatal where another table of the input has the same target: the configuration shows only some of them.
  Result<const Destination*> of(std::string_view table) {
    const auto found = by_table_.find(table);
    if (found != by_table_.end()) return &found->second;
    const Config::Namespace target = config_.target_of(table);
    const auto& [name, owner] = *by_target_.emplace(target.text(), table).first;
    if (owner != table) {
      return fatal(fmt::format(
          "the tables `{}` and `{}` have one target, {}: give each its own, such as --map {}=DATABASE.COLLECTION",
          owner, table, name, table));
    }
    return &by_table_
                .emplace(std::string(table), Destination{target.database, target.collection, &config_.rules(table)})
                .first->second;
  }

 private:
  const Config& config_;
  std::map<std::string, Destination, std::less<>> by_table_;
  std::map<std::string, std::string> by_target_;  // to the table's name
};

}  // namespace dynatlas
