// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>

#include "change/bson.h"
#include "change/record.h"
#include "change/rules.h"
#include "change/version.h"

namespace dynatlas {

// What a document stands under: its `_id` or, with `id: objectid`, its key attributes as a document.
struct StoredKey {
  BsonType type = BsonType::string;
  std::string value;  // the BSON value's bytes; one key has one form, so equal keys are equal bytes

  friend bool operator==(const StoredKey&, const StoredKey&) = default;
  friend bool operator<(const StoredKey& a, const StoredKey& b) {
    return std::tie(a.type, a.value) < std::tie(b.type, b.value);
  }
};

// One collection of a target and what the configuration says of it.
struct Destination {
  std::string database;
  std::string collection;
  const TableRules* rules = nullptr;

  std::string name() const { return database + "." + collection; }
};

// A record, ready to be applied.
struct Change {
  const Destination* destination = nullptr;  // outlives the change
  Record::Operation operation = Record::Operation::upsert;
  StoredKey key;
  std::optional<Version> version;  // none: an item of unknown time, which only fills in what is absent
  std::string
      kind;  // what numbers the version: "timed", "d" and a stream's hash, or empty for copied and undated items
  std::string document;    // of an upsert: the whole document; without `_id` where the target makes it
  std::string key_fields;  // of a soft delete: the key attributes as BSON elements
};

}  // namespace dynatlas
