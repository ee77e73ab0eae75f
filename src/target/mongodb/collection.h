// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "target/mongodb/guarded_batch.h"

namespace dynatlas {

// Finds out whether the collection of `change` can be written under its rules, and makes what the guard needs: its
// entry in `dynatlas.collections`, the indexes of its tombstones, with `id: objectid` the unique index on the key
// attributes. Nothing is written before everything was looked at. Fatal, with what to do: a view; and with the guard on
// a collation, a shard key under which one key could stand twice (docs/mongodb.md, "Collections that cannot be
// written"), an entry of another mapping. `indexes` is the same port with the time that building them may take.
Result<MongoCollection> open_collection(DeadlinePort& port, DeadlinePort& indexes, const Change& change);

// The same without writing anything: the collection may be absent, and its entry, too.
Result<MongoCollection> look_at_collection(DeadlinePort& port, const Change& change);

// Keeps to one kind of versions: whole seconds and microseconds do not compare. The first that comes is remembered in
// the collection's entry, unless `dry_run`; another is fatal.
enum class KindMode : std::uint8_t { remember, dry_run };
Result<void> check_kind(DeadlinePort& port, MongoCollection& collection, const Change& change, KindMode mode);

}  // namespace dynatlas
