// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <tuple>

#include "base/table_name.h"
#include "config/aws_settings.h"
#include "config/duration.h"
#include "config/paths.h"
#include "config/settings.h"
#include "config/table_rules.h"

namespace dynatlas {

namespace {

// What the file and the options say of each table.
struct Tables {
  std::map<std::string, YAML::Node> entries;
  std::map<std::string, std::vector<std::string>> keys;
  std::map<std::string, MapOption> maps;

  YAML::Node entry(const std::string& name) const {
    const auto found = entries.find(name);
    return found == entries.end() ? YAML::Node(YAML::NodeType::Map) : found->second;
  }
};

bool names_tables(std::string_view name) { return name == "*" || is_table_name(name); }

Result<void> take_entries(const YAML::Node& list, const std::string& file, Tables& tables) {
  for (const auto& entry : list) {
    if (!entry["table"]) return config_error(entry, file, "an entry of `tables` has no `table`");
    const std::string name = entry["table"].Scalar();
    if (!names_tables(name))
      return config_error(entry["table"], file, fmt::format("`table: {}` is no name of a DynamoDB table", name));
    if (!tables.entries.emplace(name, entry).second)
      return config_error(entry, file, fmt::format("`tables` names `{}` twice", name));
  }
  return {};
}

Result<void> take_options(const ConfigOptions& options, Tables& tables) {
  for (const std::string& option : options.keys) {
    auto parsed = parse_key_option(option);
    if (!parsed)
      return usage(fmt::format(
          "--key {}: must be [TABLE=]HASH[,RANGE], with `,`, `=` and `\\` in a name escaped by `\\`", option));
    if (!names_tables(parsed->table))
      return usage(fmt::format("--key {}: `{}` is no name of a DynamoDB table", option, parsed->table));
    tables.keys[parsed->table] = std::move(parsed->names);
    tables.entries.emplace(parsed->table, YAML::Node(YAML::NodeType::Map));
  }
  for (const std::string& option : options.maps) {
    const auto parsed = parse_map_option(option);
    if (!parsed) return usage(fmt::format("--map {}: must be TABLE=DATABASE.COLLECTION", option));
    if (!names_tables(parsed->table))
      return usage(fmt::format("--map {}: `{}` is no name of a DynamoDB table", option, parsed->table));
    if (const std::string fault = target_fault(parsed->database, parsed->collection); !fault.empty())
      return usage(fmt::format("--map {}: the target {}", option, fault));
    tables.entries.emplace(parsed->table, YAML::Node(YAML::NodeType::Map));
    tables.maps[parsed->table] = *parsed;
  }
  return {};
}

// The rules of `name` over those it inherits.
Result<TableRules> compile(const Tables& tables, const std::string& name, const std::string& file, TableRules rules) {
  const auto key = tables.keys.find(name);
  RETURN_IF_ERROR(read_table_rules(tables.entry(name), file,
                                   key == tables.keys.end() ? std::vector<std::string>{} : key->second, rules));
  if (const auto map = tables.maps.find(name); map != tables.maps.end())
    std::tie(rules.database, rules.collection) = std::tie(map->second.database, map->second.collection);
  rules.fingerprint = fingerprint_of(rules);
  return rules;
}

Result<std::string> metadata_of(const YAML::Node& root, const std::string& file) {
  if (!root["metadata"]) return std::string("_dynatlas");
  const std::string name = root["metadata"].Scalar();
  const bool storable = !name.empty() && name != "_id" && name[0] != '$' &&
                        name.find_first_of(std::string_view(".%\0", 3)) == std::string::npos;
  if (storable) return name;
  return config_error(root["metadata"], file,
                      "`metadata` must be a field name without `.` and `%`, other than `_id` and not led by `$`");
}

// A stream's name may have what a table's may have; an ARN also has `:` and `/`.
bool is_stream(std::string_view text) {
  if (!text.starts_with("arn:")) return is_table_name(text);
  std::string plain(text);
  std::replace_if(
      plain.begin(), plain.end(), [](char c) { return c == ':' || c == '/'; }, '.');
  return is_table_name(plain) && is_table_name(text.substr(text.rfind('/') + 1));
}

// A duration of `limits`, where it is given.
Result<void> read_duration(const YAML::Node& limits, const char* name, const std::string& file,
                           std::chrono::milliseconds& duration) {
  const YAML::Node node = limits[name];
  if (!node) return {};
  const auto parsed = parse_duration(node.Scalar());
  if (!parsed)
    return config_error(node, file, fmt::format("`limits.{}` must be a duration such as 30s, 10m, 24h or 30d", name));
  duration = *parsed;
  return {};
}

// A batch takes a quarter of settle_after at most, and clocks differ by half of it: below some seconds nothing works.
Result<Config::Times> read_times(const YAML::Node& limits, const std::string& file) {
  Config::Times times;
  RETURN_IF_ERROR(read_duration(limits, "settle_after", file, times.settle_after));
  RETURN_IF_ERROR(read_duration(limits, "patience", file, times.patience));
  if (limits["tombstone_life"] && limits["tombstone_life"].Scalar() != "auto")
    RETURN_IF_ERROR(read_duration(limits, "tombstone_life", file, times.tombstone_life));
  if (times.settle_after < std::chrono::seconds(10))
    return config_error(limits["settle_after"], file, "`limits.settle_after` must be 10s or more");
  if (times.tombstone_life < times.settle_after * 2)
    return config_error(limits[limits["tombstone_life"] ? "tombstone_life" : "settle_after"], file,
                        "`limits.tombstone_life` must be twice `limits.settle_after` or more");
  return times;
}

}  // namespace

const TableRules& Config::rules(std::string_view table) const {
  const auto found = tables_.find(table.empty() ? std::string_view(default_table) : table);
  return found == tables_.end() ? others_ : found->second;
}

Config::Namespace Config::target_of(std::string_view table) const {
  const TableRules& found = rules(table);
  Namespace target{found.database.empty() ? default_database_ : found.database, found.collection};
  const bool any = target.collection.empty() || target.collection == "*";
  if (any) target.collection = table;
  return target;
}

std::vector<std::string> Config::tables() const {
  std::vector<std::string> names;
  for (const auto& [name, unused] : tables_) names.push_back(name);
  return names;
}

std::set<std::string> Config::databases() const {
  std::set<std::string> databases{target_of(default_table).database};
  for (const auto& [name, unused] : tables_) databases.insert(target_of(name).database);
  return databases;
}

std::optional<std::string> Config::table_of(const std::string& database, const std::string& collection) const {
  const std::string wanted = Namespace{database, collection}.text();
  for (const auto& [name, unused] : tables_) {
    if (target_of(name).text() == wanted) return name;
  }
  // Of a table that nobody configured the collection has its name.
  if (is_table_name(collection) && target_of(collection).text() == wanted) return collection;
  return std::nullopt;
}

bool Config::says_target_of(std::string_view table) const {
  const TableRules& found = rules(table);
  return !found.database.empty() || !found.collection.empty();
}

std::string Config::two_tables_of_one_target() const {
  std::map<std::string, std::string> tables;
  for (const auto& [name, unused] : tables_) {
    const auto [taken, is_new] = tables.emplace(target_of(name).text(), name);
    if (!is_new)
      return fmt::format("the tables `{}` and `{}` have one target, {}: give each its own", taken->second, name,
                         taken->first);
  }
  return "";
}

Result<void> Config::read_target(const YAML::Node& root, const std::string& file) {
  if (root["state"] && root["state"]["database"]) {
    const YAML::Node database = root["state"]["database"];
    state_database = database.Scalar();
    if (const std::string fault = target_fault(*state_database, "dead_letters"); !fault.empty())
      return config_error(database, file, "`state.database` " + fault);
  }
  const YAML::Node target = root["target"];
  if (!target) return {};
  if (target["dump"] && target["dump"]["folder"]) dump_folder = target["dump"]["folder"].Scalar();
  if (!target["mongodb"]) return {};
  if (target["mongodb"]["uri"]) mongodb_uri = target["mongodb"]["uri"].Scalar();
  if (dump_folder && mongodb_uri)
    return config_error(target, file, "`target` must be one of `mongodb` and `dump`, not both");
  const YAML::Node concern = target["mongodb"]["write_concern"];
  if (!concern || concern.Scalar() == "majority") return {};
  return config_error(concern, file,
                      "`target.mongodb.write_concern` must be majority: what fewer servers have can be rolled back");
}

Result<void> Config::read_kinesis(const YAML::Node& kinesis, const std::string& file) {
  if (kinesis["binary"]) {
    const bool once = kinesis["binary"].Scalar() == "once";
    kinesis_binary = once ? BinaryText::once : BinaryText::twice;
  }
  if (!kinesis["stream"]) return {};
  kinesis_stream = kinesis["stream"].Scalar();
  if (is_stream(*kinesis_stream)) return {};
  return config_error(kinesis["stream"], file, "`source.kinesis.stream` must be the name or the ARN of a stream");
}

Result<void> Config::read(const YAML::Node& root, const ConfigOptions& options, const std::string& file) {
  if (root["source"] && root["source"]["kinesis"]) RETURN_IF_ERROR(read_kinesis(root["source"]["kinesis"], file));
  if (root["limits"] && root["limits"]["parked_in_a_row"])
    parked_in_a_row = root["limits"]["parked_in_a_row"].as<std::size_t>();
  RETURN_IF_ERROR(read_target(root, file));
  ASSIGN_OR_RETURN(aws, read_aws_settings(root["aws"], file));
  if (root["limits"]) {
    ASSIGN_OR_RETURN(times, read_times(root["limits"], file));
  }

  Tables tables;
  RETURN_IF_ERROR(take_entries(root["tables"], file, tables));
  RETURN_IF_ERROR(take_options(options, tables));
  TableRules defaults;
  ASSIGN_OR_RETURN(defaults.items.names.metadata, metadata_of(root, file));
  ASSIGN_OR_RETURN(others_, compile(tables, "*", file, std::move(defaults)));
  for (const auto& [name, entry] : tables.entries) {
    if (name == "*") continue;
    TableRules inherited = others_;
    // The collection that the file gives the tables nobody named is theirs alone; --map speaks of all the rest.
    if (inherited.collection != "*" && !tables.maps.contains("*")) inherited.collection.clear();
    ASSIGN_OR_RETURN(TableRules compiled, compile(tables, name, file, std::move(inherited)));
    tables_.emplace(name, std::move(compiled));
  }
  return {};
}

std::string Config::fault_of_target(std::string_view table) const {
  const Namespace target = target_of(table);
  const std::string fault = target_fault(target.database, target.collection);
  if (fault.empty()) return "";
  return fmt::format("the table `{}` goes to {}, which {}: give it another by `to` or --map", table, target.text(),
                     fault);
}

// The targets of all tables that are known by name.
Result<void> Config::check_targets() const {
  std::vector<std::string> names = tables();
  names.push_back(default_table);
  for (const std::string& name : names) {
    if (const std::string fault = fault_of_target(name); !fault.empty()) return usage(fault);
  }
  const std::string clash = two_tables_of_one_target();
  return clash.empty() ? Result<void>{} : usage(clash);
}

Result<void> Config::use_database(const std::string& database) {
  default_database_ = database;
  if (!state_database) state_database = database;
  return check_targets();
}

Result<Config> Config::load(const ConfigOptions& options) {
  ASSIGN_OR_RETURN(const YAML::Node root,
                   load_settings(options.file, options.settings, options.text, options.variables));
  Config config;
  if (!is_table_name(options.default_table))
    return usage(fmt::format("--table {}: is no name of a DynamoDB table", options.default_table));
  config.default_table = options.default_table;
  try {
    RETURN_IF_ERROR(config.read(root, options, options.file.value_or("")));
  } catch (const YAML::Exception& error) {
    const std::string line = error.mark.is_null() ? "" : fmt::format(":{}", error.mark.line + 1);
    return usage(fmt::format("{}{}: {}", options.file.value_or("--set"), line, error.msg));
  }
  RETURN_IF_ERROR(config.check_targets());
  return config;
}

}  // namespace dynatlas
