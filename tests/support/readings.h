// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "change/rules.h"
#include "decode/item.h"
#include "decode/record.h"

namespace dynatlas {

// The rules of tables that a test names, and one set for all others.
class FixedRules : public RulesByTable {
 public:
  ItemRules others;
  std::map<std::string, ItemRules, std::less<>> tables;

  const ItemRules& item_rules(std::string_view table) const override {
    const auto found = tables.find(table);
    return found == tables.end() ? others : found->second;
  }
};

// BSON elements as canonical Extended JSON.
std::string elements_as_json(std::string_view elements);

// {"a":"SS","b":"N"} of type tags, in their order.
std::string shown(const std::vector<TypeTag>& types);

// A record in one line: its form, operation, table, time, sequence, stream, TTL, keys (`key` where they are in
// key-schema order, `keys` where not), image and types, each only where it has one; such as
//   kinesis upsert t @1660598951097000 #9 keys={"pk":"1"} {"pk":"1"} types={"s":"SS"}
std::string shown(const Record& record);

// What a stream found in a text, one line each, in order:
//   0 item upsert {"pk":"1"}           a record with its number
//   1 line 2 refused a.b | cause       lines from 0
//   passed over 3 to 5
//
// The text comes in pieces, cut at the positions given, as files come in blocks.
std::vector<std::string> read_stream(std::string_view text, const RulesByTable& rules,
                                     const RecordOptions& options = {}, const std::vector<std::size_t>& cuts = {});

// The same, each piece by a stream of its own that takes over the state of the one before; or none, where that one says
// that nothing before matters and the piece begins a line with a bracket, as blocks are shared among threads.
std::vector<std::string> read_blocks(std::string_view text, const RulesByTable& rules, const RecordOptions& options,
                                     const std::vector<std::size_t>& cuts);

// The same without causes, which are for people.
std::vector<std::string> without_causes(std::vector<std::string> lines);

}  // namespace dynatlas
