// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "change/change.h"

namespace dynatlas {

// Makes documents of records. One serves one thread.
class Transformer {
 public:
  // The key of the record's item, in place of what `key` held. Empty where the record has none and the rules name none.
  // A fault where the order of two key attributes is unknown, or where the record's keys are others than the rules'.
  std::optional<RecordFault> key(const Record& record, const TableRules& rules, std::optional<StoredKey>& key);

  // What stands in the metadata field.
  struct Metadata {
    const Version* version = nullptr;
    bool with_types = true;
    bool deleted = false;
  };

  // Appends the document of an upsert: `_id` where `key` is given, the image's fields under the table's rules, then the
  // metadata field where `metadata` is given and it would not be empty.
  std::optional<RecordFault> document(const Record& record, const TableRules& rules, const StoredKey* key,
                                      const Metadata* metadata, Buffer& out);

  // The record's key attributes as fields: what a soft delete writes where the item was absent.
  std::string key_fields(const Record& record, const TableRules& rules) const;

  // Where in the output of the last document() the place of a version `f` begins; 0 where it holds none.
  std::size_t place_at() const { return place_at_; }

  // Values of the last document() under a `dates` rule that are no such date, and stayed as they were.
  std::uint64_t unread_dates() const { return unread_dates_; }

 private:
  void append_metadata(const TableRules& rules, const Metadata& metadata, const std::vector<TypeTag>& types,
                       Buffer& out);

  Buffer fields_;
  std::vector<TypeTag> types_;
  std::size_t place_at_ = 0;
  std::uint64_t unread_dates_ = 0;
};

}  // namespace dynatlas
