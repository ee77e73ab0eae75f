// SPDX-License-Identifier: Apache-2.0
#include "pipeline/destinations.h"

#include <fmt/format.h>

#include "config/table_rules.h"

namespace dynatlas {

// What the configuration names has its target, whatever comes first: Config::load() saw that no two of them have one.
Destinations::Destinations(const Config& config) : config_(config) {
  for (const std::string& table : config.tables()) static_cast<void>(take(table, config.target_of(table)));
}

Result<const Destination*> Destinations::of(std::string_view table) {
  const auto found = by_table_.find(table);
  if (found != by_table_.end()) return found->second;
  if (std::string fault = config_.fault_of_target(table); !fault.empty()) return fatal(std::move(fault));
  ASSIGN_OR_RETURN(const Destination* const destination, take(table, config_.target_of(table)));
  by_table_.emplace(table, destination);
  return destination;
}

Result<const Destination*> Destinations::of_parked(std::string_view table, std::string_view parked_to) {
  if (config_.says_target_of(table) || parked_to.empty()) return of(table);
  const std::size_t dot = parked_to.find('.');
  const std::string database(parked_to.substr(0, dot));
  const std::string collection(dot == std::string_view::npos ? "" : parked_to.substr(dot + 1));
  if (database.empty() || collection.empty() || !target_fault(database, collection).empty())
    return poison("it was to go to what is no collection: say --map TABLE=DATABASE.COLLECTION");
  return take(table, {database, collection});
}

Result<const Destination*> Destinations::take(std::string_view table, Config::Namespace target) {
  std::string name = target.text();
  Destination destination{std::move(target.database), std::move(target.collection), &config_.rules(table)};
  const auto& [text, owned] =
      *by_target_.emplace(std::move(name), Owned{std::string(table), std::move(destination)}).first;
  if (owned.table == table) return &owned.destination;
  return fatal(
      fmt::format("the tables `{}` and `{}` have one target, {}: give each its own, such as --map "
                  "{}=DATABASE.COLLECTION",
                  owned.table, table, text, table));
}

}  // namespace dynatlas
