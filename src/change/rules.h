// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/field_name.h"
#include "change/number.h"

namespace dynatlas {

// Number policies that differ by attribute path: a tree of stored names, through maps only.
struct NumberPaths {
  std::map<std::string, NumberPaths, std::less<>> children;
  NumberPolicy policy = NumberPolicy::natural;
  bool has_policy = false;
};

// How the items of one table are decoded.
struct ItemRules {
  NumberPolicy numbers = NumberPolicy::natural;
  std::shared_ptr<const NumberPaths> number_paths;  // may be null
  NameRules names;
  bool sets_tagged = true;
  std::vector<std::string> key;   // the key attributes' source names in key-schema order; empty where nobody said
  bool exact_key_fields = false;  // key attributes follow the rule of `_id` as fields, too (`id: objectid`)
};

// Whether the text of a binary is base64, or base64 of base64, as Kinesis delivers it.
enum class BinaryText : std::uint8_t { once, twice };

// The rules of each table, asked where the table changes from one record to the next.
class RulesByTable {
 public:
  virtual ~RulesByTable() = default;

  // The rules for the items of `table`, which may be empty. Valid as long as this object.
  virtual const ItemRules& item_rules(std::string_view table) const = 0;
};

// What becomes of an item's fields, as a tree of stored names through maps only: keep, then drop, then dates, then
// rename.
struct FieldRules {
  enum class Date : std::uint8_t { none, seconds, milliseconds, rfc3339 };

  std::map<std::string, FieldRules, std::less<>> children;
  bool keeps_some = false;  // below here only what is marked `keep` stays
  bool keep = false;
  bool drop = false;
  Date date = Date::none;
  std::optional<std::string> rename;  // a stored name

  bool empty() const { return children.empty() && !keeps_some; }
};

enum class IdForm : std::uint8_t { key, string, objectid };

// Everything the configuration says of one table (docs/configuration.md).
struct TableRules {
  std::string database;
  std::string collection;
  IdForm id = IdForm::key;
  bool soft_deletes = false;
  bool skip_ttl_deletes = false;
  bool refuse_existing = false;
  bool guard = true;
  ItemRules items;
  FieldRules fields;
  std::string fingerprint;  // of what changes stored documents: id, numbers, sets, names, fields
};

}  // namespace dynatlas
