// SPDX-License-Identifier: Apache-2.0
#include "config/config.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <cstdlib>
#include <set>

#include "base/digest.h"
#include "base/table_name.h"
#include "config/paths.h"
#include "config/schema.h"
#include "config/settings.h"

namespace dynatlas {

namespace {

Error at(const YAML::Node& node, const std::string& file, std::string_view what) {
  const std::string place =
      node.Mark().line >= 0 && !file.empty() ? fmt::format("{}:{}: ", file, node.Mark().line + 1) : "";
  return usage(place + std::string(what));
}

std::vector<std::string> texts(const YAML::Node& node) {
  if (node.IsScalar()) return {node.Scalar()};
  return node.as<std::vector<std::string>>();
}

// Fills the rules of one table from its entry in `tables`.
class TableReader {
 public:
  TableReader(TableRules& rules, const std::string& file) : rules_(rules), file_(file) {}

  Result<void> read(const YAML::Node& entry) {
    if (entry["to"]) RETURN_IF_ERROR(read_target(entry["to"]));
    if (entry["key"]) RETURN_IF_ERROR(read_key(entry["key"]));
    if (entry["id"]) rules_.id = id_form(entry["id"].Scalar());
    if (entry["sets"]) rules_.items.sets_tagged = entry["sets"].Scalar() == "tagged";
    if (entry["deletes"]) rules_.soft_deletes = entry["deletes"].Scalar() == "soft";
    if (entry["ttl_deletes"]) rules_.skip_ttl_deletes = entry["ttl_deletes"].Scalar() == "skip";
    if (entry["existing"]) rules_.refuse_existing = entry["existing"].Scalar() == "refuse";
    if (entry["guard"]) rules_.guard = entry["guard"].as<bool>();
    if (entry["fields"] && entry["fields"]["dots"])
      rules_.items.names.escape_dots = entry["fields"]["dots"].Scalar() == "escape";
    if (entry["numbers"]) RETURN_IF_ERROR(read_numbers(entry["numbers"]));
    if (entry["fields"]) RETURN_IF_ERROR(read_fields(entry["fields"]));
    return {};
  }

 private:
  static IdForm id_form(std::string_view word) {
    return word == "string" ? IdForm::string : word == "objectid" ? IdForm::objectid : IdForm::key;
  }

  Result<void> read_target(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    const std::size_t dot = text.find('.');
    if (dot == 0 || dot == std::string::npos || dot + 1 == text.size())
      return at(node, file_, "`to` must be DATABASE.COLLECTION");
    rules_.database = text.substr(0, dot);
    rules_.collection = text.substr(dot + 1);
    return {};
  }

  Result<void> read_key(const YAML::Node& node) {
    rules_.items.key = texts(node);
    const std::size_t size = rules_.items.key.size();
    if (size == 0 || size > 2) return at(node, file_, "`key` must be [HASH] or [HASH, RANGE]");
    if (size == 2 && rules_.items.key[0] == rules_.items.key[1])
      return at(node, file_, "`key` names one attribute twice");
    return {};
  }

  static std::optional<NumberPolicy> number_policy(std::string_view word) {
    if (word == "natural") return NumberPolicy::natural;
    if (word == "decimal") return NumberPolicy::decimal;
    if (word == "double") return NumberPolicy::real;
    if (word == "string") return NumberPolicy::string;
    return std::nullopt;
  }

  Result<NumberPolicy> read_policy(const YAML::Node& node) const {
    const auto policy = node.IsScalar() ? number_policy(node.Scalar()) : std::nullopt;
    if (!policy)
      return at(node, file_, "`numbers` must be natural, decimal, double or string, or a map of paths to these");
    return *policy;
  }

  Result<void> read_numbers(const YAML::Node& node) {
    if (!node.IsMap()) {
      ASSIGN_OR_RETURN(rules_.items.numbers, read_policy(node));
      rules_.items.number_paths.reset();
      return {};
    }
    auto paths = std::make_shared<NumberPaths>();
    for (const auto& entry : node) {
      ASSIGN_OR_RETURN(const NumberPolicy policy, read_policy(entry.second));
      const auto path = entry.first.as<std::string>();
      if (path == "default") {
        rules_.items.numbers = policy;
        continue;
      }
      ASSIGN_OR_RETURN(const std::vector<std::string> names, stored_path(entry.first, path));
      NumberPaths* at_path = paths.get();
      for (const std::string& name : names) at_path = &at_path->children[name];
      at_path->policy = policy;
      at_path->has_policy = true;
    }
    rules_.items.number_paths = paths->children.empty() ? nullptr : paths;
    return {};
  }

  Result<std::vector<std::string>> stored_path(const YAML::Node& node, const std::string& path) const {
    auto names = split_path(path);
    if (!names)
      return at(node, file_,
                fmt::format("`{}` is no path: names joined by `.`, a `.` or `\\` inside a name escaped by `\\`", path));
    for (std::size_t i = 0; i < names->size(); ++i) (*names)[i] = escape_name((*names)[i], i == 0, rules_.items.names);
    return *names;
  }

  Result<FieldRules*> field_at(const YAML::Node& node, const std::string& path) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, stored_path(node, path));
    FieldRules* rules = &rules_.fields;
    for (const std::string& name : names) rules = &rules->children[name];
    return rules;
  }

  bool is_key(const std::string& path) const {
    const auto names = split_path(path);
    if (!names || names->size() != 1) return false;
    for (const std::string& key : rules_.items.key) {
      if (key == (*names)[0]) return true;
    }
    return false;
  }

  Result<void> read_fields(const YAML::Node& node) {
    if (node["keep"] || node["drop"] || node["dates"] || node["rename"]) rules_.fields = FieldRules{};
    if (node["keep"]) {
      for (const std::string& path : texts(node["keep"])) RETURN_IF_ERROR(keep(node["keep"], path));
    }
    if (node["drop"]) {
      for (const std::string& path : texts(node["drop"])) {
        if (is_key(path))
          return at(node["drop"], file_,
                    fmt::format("`fields.drop` names the key attribute `{}`, which cannot be dropped", path));
        ASSIGN_OR_RETURN(FieldRules* const field, field_at(node["drop"], path));
        field->drop = true;
      }
    }
    if (node["dates"]) RETURN_IF_ERROR(read_dates(node["dates"]));
    if (node["rename"]) RETURN_IF_ERROR(read_renames(node["rename"]));
    return {};
  }

  Result<void> keep(const YAML::Node& node, const std::string& path) {
    ASSIGN_OR_RETURN(const std::vector<std::string> names, stored_path(node, path));
    FieldRules* rules = &rules_.fields;
    for (const std::string& name : names) {
      rules->keeps_some = true;
      rules = &rules->children[name];
    }
    rules->keep = true;
    return {};
  }

  Result<void> read_dates(const YAML::Node& node) {
    if (!node.IsMap())
      return at(node, file_, "`fields.dates` must be a map of paths to seconds, milliseconds or rfc3339");
    for (const auto& entry : node) {
      ASSIGN_OR_RETURN(FieldRules* const field, field_at(entry.first, entry.first.as<std::string>()));
      const std::string unit = entry.second.IsScalar() ? entry.second.Scalar() : "";
      field->date = unit == "seconds"        ? FieldRules::Date::seconds
                    : unit == "milliseconds" ? FieldRules::Date::milliseconds
                    : unit == "rfc3339"      ? FieldRules::Date::rfc3339
                                             : FieldRules::Date::none;
      if (field->date == FieldRules::Date::none)
        return at(entry.second, file_, "`fields.dates` knows seconds, milliseconds and rfc3339");
    }
    return {};
  }

  Result<void> read_renames(const YAML::Node& node) {
    if (!node.IsMap()) return at(node, file_, "`fields.rename` must be a map of paths to new names");
    std::map<std::string, std::set<std::string>> given;  // new names by the path of their map
    for (const auto& entry : node) {
      const auto path = entry.first.as<std::string>();
      if (is_key(path))
        return at(entry.first, file_,
                  fmt::format("`fields.rename` names the key attribute `{}`, which keeps its name", path));
      ASSIGN_OR_RETURN(FieldRules* const field, field_at(entry.first, path));
      if (!entry.second.IsScalar()) return at(entry.second, file_, "`fields.rename` must give a name");
      const auto names = split_path(path);
      const bool top_level = names->size() == 1;
      field->rename = escape_name(entry.second.Scalar(), top_level, rules_.items.names);
      const std::string map_path = join_path({names->begin(), names->end() - 1});
      const bool meets_key = top_level && is_key(join_path({entry.second.Scalar()}));
      if (!given[map_path].insert(*field->rename).second || meets_key) {
        return at(entry.second, file_, fmt::format("`fields.rename` gives the name `{}` twice", entry.second.Scalar()));
      }
    }
    return {};
  }

  TableRules& rules_;
  const std::string& file_;
};

// What must not change while documents stand in the target, in one line.
std::string fingerprint(const YAML::Node& entry, const TableRules& rules, const std::string& metadata) {
  YAML::Node mapping;
  for (const char* name : {"numbers", "fields"}) {
    if (entry[name]) mapping[name] = entry[name];
  }
  const std::string text =
      fmt::format("v1 id={} sets={} deletes={} guard={} metadata={} {}", static_cast<int>(rules.id),
                  rules.items.sets_tagged, rules.soft_deletes, rules.guard, metadata, YAML::Dump(mapping));
  return sha256_hex(text).substr(0, 16);
}

Result<void> take_key_option(const std::string& option, std::map<std::string, std::vector<std::string>>& keys) {
  const auto parsed = parse_key_option(option);
  if (!parsed)
    return usage(fmt::format("--key {}: must be [TABLE=]HASH[,RANGE], with `,`, `=` and `\\` in a name escaped by `\\`",
                             option));
  keys[parsed->table] = parsed->names;
  return {};
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

Result<Config> Config::load(const ConfigOptions& options) {
  const std::string file = options.file.value_or("");
  ASSIGN_OR_RETURN(YAML::Node root, load_settings(options.file, options.settings));
  Config config;
  if (options.database) config.default_database_ = *options.database;
  if (!is_table_name(options.default_table))
    return usage(fmt::format("--table {}: is no name of a DynamoDB table", options.default_table));
  config.default_table = options.default_table;
  try {
    const std::string metadata = root["metadata"] ? root["metadata"].Scalar() : "_dynatlas";
    const bool storable = !metadata.empty() && metadata != "_id" && metadata[0] != '$' &&
                          metadata.find_first_of(std::string_view(".%\0", 3)) == std::string::npos;
    if (!storable)
      return at(root["metadata"], file,
                "`metadata` must be a field name without `.` and `%`, other than `_id` and not led by `$`");
    if (root["source"] && root["source"]["kinesis"] && root["source"]["kinesis"]["binary"]) {
      const bool once = root["source"]["kinesis"]["binary"].Scalar() == "once";
      config.kinesis_binary = once ? ItemDecoder::Binary::once : ItemDecoder::Binary::twice;
    }
    if (root["limits"] && root["limits"]["parked_in_a_row"])
      config.parked_in_a_row = root["limits"]["parked_in_a_row"].as<std::size_t>();
    if (root["target"] && root["target"]["dump"] && root["target"]["dump"]["folder"])
      config.dump_folder = root["target"]["dump"]["folder"].Scalar();

    std::map<std::string, std::vector<std::string>> keys;
    for (const std::string& option : options.keys) RETURN_IF_ERROR(take_key_option(option, keys));

    std::map<std::string, YAML::Node> entries;
    for (const auto& entry : root["tables"]) {
      if (!entry["table"]) return at(entry, file, "an entry of `tables` has no `table`");
      const std::string name = entry["table"].Scalar();
      if (!entries.emplace(name, entry).second) return at(entry, file, fmt::format("`tables` names `{}` twice", name));
    }
    for (const auto& [name, unused] : keys) entries.emplace(name, YAML::Node(YAML::NodeType::Map));
    std::map<std::string, std::pair<std::string, std::string>> maps;
    for (const std::string& option : options.maps) {
      const auto parsed = parse_map_option(option);
      if (!parsed) return usage(fmt::format("--map {}: must be TABLE=DATABASE.COLLECTION", option));
      maps[parsed->table] = {parsed->database, parsed->collection};
      entries.emplace(parsed->table, YAML::Node(YAML::NodeType::Map));
    }

    const auto compile = [&](const std::string& name, TableRules rules) -> Result<TableRules> {
      const YAML::Node entry = entries.count(name) != 0 ? entries.at(name) : YAML::Node(YAML::NodeType::Map);
      rules.items.names.metadata = metadata;
      RETURN_IF_ERROR(TableReader(rules, file).read(entry));
      if (keys.count(name) != 0) rules.items.key = keys.at(name);
      if (maps.count(name) != 0) std::tie(rules.database, rules.collection) = maps.at(name);
      rules.items.exact_key_fields = rules.id == IdForm::objectid;
      if (rules.id == IdForm::objectid) {
        for (const std::string& key : rules.items.key) {
          if (key.find('.') != std::string::npos)
            return at(
                entry, file,
                fmt::format(
                    "`id: objectid` cannot match by the key attribute `{}`, whose name holds a `.`: use `id: key`",
                    key));
        }
      }
      YAML::Node whole = entries.count("*") != 0 ? YAML::Clone(entries.at("*")) : YAML::Node(YAML::NodeType::Map);
      for (const auto& member : entry) whole[member.first.Scalar()] = member.second;
      rules.fingerprint = fingerprint(whole, rules, metadata);
      return rules;
    };
    ASSIGN_OR_RETURN(config.others_, compile("*", TableRules{}));
    for (const auto& [name, entry] : entries) {
      if (name == "*") continue;
      TableRules inherited = config.others_;
      if (!entry["to"] && inherited.collection != "*" && maps.count("*") == 0) inherited.collection.clear();
      ASSIGN_OR_RETURN(TableRules compiled, compile(name, std::move(inherited)));
      config.tables_.emplace(name, std::move(compiled));
    }
  } catch (const YAML::Exception& error) {
    return usage(fmt::format("{}:{}: {}", file.empty() ? "--set" : file, error.mark.line + 1, error.msg));
  }
  const std::string clash = config.two_tables_of_one_target();
  if (!clash.empty()) return usage(clash);
  return config;
}

}  // namespace dynatlas
