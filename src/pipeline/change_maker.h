// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/buffer.h"
#include "change/change.h"
#include "transform/document.h"

namespace dynatlas {

// Makes changes of records. One serves one thread.
class ChangeMaker {
 public:
  // The change that the record is under the rules of its table, all but its destination. `version` is none for an item
  // of unknown time.
  std::optional<RecordFault> make(const Record& record, const TableRules& rules, std::optional<Version> version,
                                  Change& change);

  // Of the last change: where in its document the place of a version `f` begins; 0 where it holds none.
  std::size_t place_at() const { return place_at_; }

  // Values of the last change under a `dates` rule that are no such date.
  std::uint64_t unread_dates() const { return transformer_.unread_dates(); }

  // The key of a record that is refused, where it can be read.
  std::optional<StoredKey> known_key(const Record& known, const TableRules& rules);

 private:
  std::optional<RecordFault> key_of(const Record& record, const TableRules& rules, std::optional<StoredKey>& key);

  Transformer transformer_;
  Buffer document_;
  std::size_t place_at_ = 0;
};

}  // namespace dynatlas
