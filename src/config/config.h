// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "aws/settings.h"
#include "base/result.h"
#include "change/rules.h"

namespace YAML {  // NOLINT(readability-identifier-naming): the library's name
class Node;
}

namespace dynatlas {

// What the command line says beside the file; it wins over both the file and `--set`.
struct ConfigOptions {
  std::optional<std::string> file;      // -c
  std::vector<std::string> settings;    // --set path.to.key=value
  std::vector<std::string> keys;        // --key [TABLE=]HASH[,RANGE]
  std::vector<std::string> maps;        // --map TABLE=db.coll
  std::string default_table = "items";  // --table
  // The file's text where it is no file; `file` is then its name for messages.
  std::optional<std::string> text = {};
  // What ${NAME} stands for, before the environment is asked.
  std::map<std::string, std::string> variables = {};
};

// The configuration of one run (docs/configuration.md), compiled.
class Config : public RulesByTable {
 public:
  // An error of kind usage names the file, line and key.
  static Result<Config> load(const ConfigOptions& options);

  // Where tables go that nobody gave another database, such as that of the target's URI. Usage where one cannot go
  // there. What the program remembers goes there, too, where nobody gave that another.
  Result<void> use_database(const std::string& database);

  const ItemRules& item_rules(std::string_view table) const override { return rules(table).items; }

  // The rules for a table, the empty name being the default table; of one that nobody configured those of `*`.
  const TableRules& rules(std::string_view table) const;

  // Why documents of `table` cannot go where it goes, and what to do; empty where they can.
  std::string fault_of_target(std::string_view table) const;

  // Where the documents of `table` go.
  struct Namespace {
    std::string database;
    std::string collection;
    std::string text() const { return database + "." + collection; }
  };
  Namespace target_of(std::string_view table) const;

  // The tables that the configuration names.
  std::vector<std::string> tables() const;

  // The databases that tables go to, and the table that goes to a collection; none where no table does.
  std::set<std::string> databases() const;
  std::optional<std::string> table_of(const std::string& database, const std::string& collection) const;

  // `limits` that are durations.
  struct Times {
    std::chrono::milliseconds settle_after = std::chrono::minutes(10);
    std::chrono::milliseconds tombstone_life = std::chrono::hours(24 * 30);  // files have no retention that is known
    std::chrono::milliseconds patience = std::chrono::minutes(5);
  };

  // Whether the file or an option says so, or it is only the default.
  bool says_target_of(std::string_view table) const;

  // Two tables with one target, whose items would overwrite each other: empty where there are none.
  std::string two_tables_of_one_target() const;

  // The table of records that name none.
  std::string default_table = "items";

  BinaryText kinesis_binary = BinaryText::twice;
  std::optional<std::string> kinesis_stream;  // its name or ARN
  std::size_t parked_in_a_row = 100;
  std::optional<std::string> dump_folder;
  std::optional<std::string> mongodb_uri;     // holds a password: never in a message
  std::optional<std::string> state_database;  // `state.database`, else that of use_database()
  Times times;
  AwsSettings aws;

 private:
  Result<void> read(const YAML::Node& root, const ConfigOptions& options, const std::string& file);
  Result<void> read_kinesis(const YAML::Node& kinesis, const std::string& file);
  Result<void> read_target(const YAML::Node& root, const std::string& file);
  Result<void> check_targets() const;

  std::map<std::string, TableRules, std::less<>> tables_;
  TableRules others_;
  std::string default_database_ = "dynamodb";
};

}  // namespace dynatlas
