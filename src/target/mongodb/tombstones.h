// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "target/mongodb/guarded_batch.h"

namespace dynatlas {

// The tombstones of a collection stand beside it, in `dynatlas.tombstones.<collection>` of its database
// (docs/mongodb.md, "Tombstones"):
//
//   _id        the key, as it is in the documents; with `id: objectid` the key attributes as a document
//   t, s       the version of the newest removal
//   settle_at  when the delete is to be applied once more; absent once that was done
//   expire_at  when MongoDB removes it (TTL index)
std::string tombstones_name(const CollectionName& documents);

// Raises the tombstones of these removes where they are lower, and gives each its verdict.
Result<void> raise_tombstones(DeadlinePort& port, const Guarded& tombstones, const GuardTimes& times,
                              std::span<BatchChange> removes, bool repeat);

// Applies the deletes of tombstones once more, of those that are due: a writer that died between writing something
// older and looking for its tombstone left it. Returns how many it took, `settled_at_once_max` at most; then there are
// more.
inline constexpr std::int64_t settled_at_once_max = 1000;
Result<std::int64_t> settle_tombstones(DeadlinePort& port, const MongoCollection& collection);

}  // namespace dynatlas
