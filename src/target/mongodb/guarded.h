// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "change/change.h"
#include "target/mongodb/deadline_port.h"
#include "target/mongodb/filters.h"

namespace dynatlas {

// A collection whose documents are written under the guard: the user's, or the one of its tombstones.
struct Guarded {
  CollectionName name;
  bool by_fields = false;               // `id: objectid`: the key is the key attributes as fields, else it is `_id`
  std::vector<std::string> key_fields;  // then these; empty while no change told them
  std::string metadata;                 // the field that holds the version; empty where it stands on top
  bool refuse_foreign = false;          // `existing: refuse`

  VersionPlace place() const { return metadata.empty() ? VersionPlace::on_top() : VersionPlace::in_field(metadata); }
  KeyFilter filter(const StoredKey& key) const { return {key, by_fields}; }
};

// What stands under a key.
struct StoredVersion {
  bool is_foreign = false;         // it has no metadata field
  std::optional<Version> version;  // none: the oldest of all
};
using StoredVersions = std::map<StoredKey, StoredVersion>;

// The versions of those of the keys that have a document.
Result<StoredVersions> find_versions(DeadlinePort& port, const Guarded& guarded,
                                     std::span<const StoredKey* const> keys);

// The error of `existing: refuse`.
Error foreign_document(const Guarded& guarded);

// An upsert under the guard, and what became of it.
struct GuardedWrite {
  enum class Outcome : std::uint8_t {
    open,     // not tried yet
    written,  // and acknowledged
    equal,    // a document of this very version was there
    stale,    // a newer one was there, or, for a write without a version, any
    refused,  // the server will never store it: `code`
    waiting,  // a unique index other than the key's has the value: `index`
  };

  const StoredKey* key = nullptr;
  const Version* version = nullptr;  // null: written only where no document is
  std::string_view document;         // the whole of it
  Outcome outcome = Outcome::open;
  std::int32_t code = 0;
  std::string index = {};
};

// Carries the writes out: each that is newer than what stands there replaces it. A duplicate key proves nothing (the
// match and the insert of an upsert are two steps): what stands there is read, and the upsert sent again unless it is
// as new or newer. At the end no outcome is open, or the error says why.
Result<void> write_guarded(DeadlinePort& port, const Guarded& guarded, std::span<GuardedWrite> writes);

// A document that goes where it is not newer than the version.
struct GuardedRemoval {
  const StoredKey* key = nullptr;
  const Version* version = nullptr;
};
Result<void> remove_not_newer(DeadlinePort& port, const Guarded& guarded, std::span<const GuardedRemoval> removals);

// Which index a duplicate key is of; an index has the key's fields in any order.
enum class DuplicateOf : std::uint8_t { key, other, unknown };
DuplicateOf duplicate_of(const StatementFault& fault, const Guarded& guarded);

// An error where one of the statements was not carried out: of those that can only fail for reasons of the server's.
Result<void> all_done(const WriteReply& reply, const CollectionName& name);

// The error of a statement that failed for a reason that is not its document's.
Error error_of(const StatementFault& fault, const CollectionName& name);

}  // namespace dynatlas
