// SPDX-License-Identifier: Apache-2.0
#include "config/table_rules.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <iterator>
#include <set>

#include "config/paths.h"

namespace dynatlas {

namespace {

std::vector<std::string> texts(const YAML::Node& node) {
  if (node.IsScalar()) return {node.Scalar()};
  return node.as<std::vector<std::string>>();
}

// Fills the rules of one table from its entry in `tables`.
class TableReader {
 public:
  TableReader(TableRules& rules, const std::string& file) : rules_(rules), file_(file) {}

  Result<void> read(const YAML::Node& entry, const std::vector<std::string>& key) {
    if (entry["to"]) RETURN_IF_ERROR(read_target(entry["to"]));
    if (entry["key"]) RETURN_IF_ERROR(read_key(entry["key"]));
    if (!key.empty()) rules_.items.key = key;
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
    return check_key_names(entry);
  }

 private:
  static IdForm id_form(std::string_view word) {
    return word == "string" ? IdForm::string : word == "objectid" ? IdForm::objectid : IdForm::key;
  }

  Result<void> read_target(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    const std::size_t dot = text.find('.');
    if (dot == 0 || dot == std::string::npos || dot + 1 == text.size())
      return config_error(node, file_, "`to` must be DATABASE.COLLECTION");
    rules_.database = text.substr(0, dot);
    rules_.collection = text.substr(dot + 1);
    const std::string fault = target_fault(rules_.database, rules_.collection);
    return fault.empty() ? Result<void>{} : config_error(node, file_, fmt::format("`to: {}` {}", text, fault));
  }

  Result<void> read_key(const YAML::Node& node) {
    rules_.items.key = texts(node);
    const std::size_t size = rules_.items.key.size();
    if (size == 0 || size > 2) return config_error(node, file_, "`key` must be [HASH] or [HASH, RANGE]");
    if (size == 2 && rules_.items.key[0] == rules_.items.key[1])
      return config_error(node, file_, "`key` names one attribute twice");
    for (const std::string& name : rules_.items.key) {
      if (name.empty()) return config_error(node, file_, "`key` holds an empty name");
    }
    return {};
  }

  Result<void> check_key_names(const YAML::Node& entry) {
    rules_.items.exact_key_fields = rules_.id == IdForm::objectid;
    for (const std::string& name : rules_.items.key) {
      if (rules_.id == IdForm::objectid && name.find('.') != std::string::npos) {
        return config_error(
            entry, file_,
            fmt::format("`id: objectid` cannot match by the key attribute `{}`, whose name holds a `.`: use `id: key`",
                        name));
      }
    }
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
      return config_error(node, file_,
                          "`numbers` must be natural, decimal, double or string, or a map of paths to these");
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
      return config_error(
          node, file_,
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
          return config_error(node["drop"], file_,
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
      return config_error(node, file_, "`fields.dates` must be a map of paths to seconds, milliseconds or rfc3339");
    for (const auto& entry : node) {
      ASSIGN_OR_RETURN(FieldRules* const field, field_at(entry.first, entry.first.as<std::string>()));
      const std::string unit = entry.second.IsScalar() ? entry.second.Scalar() : "";
      field->date = unit == "seconds"        ? FieldRules::Date::seconds
                    : unit == "milliseconds" ? FieldRules::Date::milliseconds
                    : unit == "rfc3339"      ? FieldRules::Date::rfc3339
                                             : FieldRules::Date::none;
      if (field->date == FieldRules::Date::none)
        return config_error(entry.second, file_, "`fields.dates` knows seconds, milliseconds and rfc3339");
    }
    return {};
  }

  Result<void> read_renames(const YAML::Node& node) {
    if (!node.IsMap()) return config_error(node, file_, "`fields.rename` must be a map of paths to new names");
    std::map<std::string, std::set<std::string>> given;  // new names by the path of their map
    for (const auto& entry : node) {
      const auto path = entry.first.as<std::string>();
      if (is_key(path))
        return config_error(entry.first, file_,
                            fmt::format("`fields.rename` names the key attribute `{}`, which keeps its name", path));
      ASSIGN_OR_RETURN(FieldRules* const field, field_at(entry.first, path));
      if (!entry.second.IsScalar()) return config_error(entry.second, file_, "`fields.rename` must give a name");
      const auto names = split_path(path);
      const bool top_level = names->size() == 1;
      field->rename = escape_name(entry.second.Scalar(), top_level, rules_.items.names);
      const std::string map_path = join_path({names->begin(), names->end() - 1});
      const bool meets_key = top_level && is_key(join_path({entry.second.Scalar()}));
      if (!given[map_path].insert(*field->rename).second || meets_key) {
        return config_error(entry.second, file_,
                            fmt::format("`fields.rename` gives the name `{}` twice", entry.second.Scalar()));
      }
    }
    return {};
  }

  TableRules& rules_;
  const std::string& file_;
};

// One text for one value: names are led by their length, so that no name can look like something else.
void print(std::string& out, const NumberPaths& paths) {
  for (const auto& [name, child] : paths.children) {
    fmt::format_to(std::back_inserter(out), "{}:{}", name.size(), name);
    if (child.has_policy) fmt::format_to(std::back_inserter(out), "={}", static_cast<int>(child.policy));
    out += '(';
    print(out, child);
    out += ')';
  }
}

void print(std::string& out, const FieldRules& fields) {
  fmt::format_to(std::back_inserter(out), "{}{}{}{}", fields.keeps_some ? "s" : "", fields.keep ? "k" : "",
                 fields.drop ? "d" : "", static_cast<int>(fields.date));
  if (fields.rename) fmt::format_to(std::back_inserter(out), ">{}:{}", fields.rename->size(), *fields.rename);
  for (const auto& [name, child] : fields.children) {
    fmt::format_to(std::back_inserter(out), "({}:{}", name.size(), name);
    print(out, child);
    out += ')';
  }
}

}  // namespace

Error config_error(const YAML::Node& node, const std::string& file, std::string_view what) {
  const bool in_file = node.IsDefined() && !node.Mark().is_null() && !file.empty();
  return usage(in_file ? fmt::format("{}:{}: {}", file, node.Mark().line + 1, what) : std::string(what));
}

Result<void> read_table_rules(const YAML::Node& entry, const std::string& file, const std::vector<std::string>& key,
                              TableRules& rules) {
  return TableReader(rules, file).read(entry, key);
}

// Source: MongoDB manual, "Limits and Thresholds"; what Windows forbids is left out, since dumps travel.
std::string target_fault(std::string_view database, std::string_view collection) {
  using namespace std::string_view_literals;
  if (database.size() > 63) return "has a database name over 63 bytes";
  if (database.find_first_of("/\\ \"$*<>:|?\0"sv) != std::string_view::npos)
    return "has a database name that MongoDB does not take: it must be without / \\ \" $ * < > : | ? and blanks";
  if (collection.find_first_of("$\0"sv) != std::string_view::npos) return "has a `$` or NUL in its collection";
  if (collection.starts_with("system.")) return "is a collection of MongoDB's own";
  if (collection.starts_with("dynatlas.")) return "is a collection of dynatlas's own";
  return database.size() + 1 + collection.size() > 255 ? "is a name over 255 bytes" : "";
}

std::string fingerprint_of(const TableRules& rules) {
  const ItemRules& items = rules.items;
  std::string text =
      fmt::format("v2 id={} sets={} deletes={} guard={} dots={} metadata={}:{} numbers={}", static_cast<int>(rules.id),
                  items.sets_tagged, rules.soft_deletes, rules.guard, items.names.escape_dots,
                  items.names.metadata.size(), items.names.metadata, static_cast<int>(items.numbers));
  if (items.number_paths != nullptr) print(text, *items.number_paths);
  text += " fields=";
  print(text, rules.fields);
  // One key attribute is the key, whether it was said or not; two make another `_id` in another order.
  if (items.key.size() == 2) text += fmt::format(" key={}:{}{}", items.key[0].size(), items.key[0], items.key[1]);
  return text;
}

}  // namespace dynatlas
