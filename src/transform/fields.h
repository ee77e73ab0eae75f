// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "change/record.h"
#include "change/rules.h"

namespace dynatlas {

// One item's fields under `fields: keep, drop, dates, rename`, applied in this order. Key attributes always stay, under
// their names.
class FieldPass {
 public:
  FieldPass(const TableRules& rules, const std::vector<KeyAttribute>& keys, const std::vector<TypeTag>& types,
            Buffer& out, std::vector<TypeTag>& types_out);

  // Writes the fields that remain of `elements`. A fault where a rename makes two names meet.
  std::optional<RecordFault> run(std::string_view elements);

  // Values under a `dates` rule that are no such date.
  std::uint64_t unread_dates() const { return unread_dates_; }

 private:
  // A map's path as it was and as it becomes.
  struct Paths {
    std::string before;
    std::string after;
  };

  // Where a map lies: at the top, or inside of one that is kept as a whole.
  struct Level {
    bool top;
    bool kept;
  };

  std::optional<RecordFault> map(std::string_view elements, const FieldRules& rules, const Paths& paths, Level level);
  std::optional<RecordFault> field(const BsonElement& element, const FieldRules* rules, const Paths& paths, bool kept);
  bool is_key(std::string_view stored_name) const;
  void carry_types(const Paths& paths);
  bool write_date(const BsonElement& element, FieldRules::Date unit, std::string_view name, const Paths& paths);

  const std::vector<TypeTag>& types_;
  Buffer& out_;
  std::vector<TypeTag>& types_out_;
  const FieldRules& root_;
  std::vector<std::string> keys_;  // stored names
  std::uint64_t unread_dates_ = 0;
};

}  // namespace dynatlas
