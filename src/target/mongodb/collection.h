// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "target/mongodb/guarded_batch.h"
#include "target/timed_target.h"

namespace dynatlas {

// Finds out whether the collection of `change` can be written under its rules, and makes what the guard needs: its
// entry in `dynatlas.collections`, the indexes of its tombstones, with `id: objectid` the unique index on the key
// attributes. Nothing is written before everything was looked at. Fatal, with what to do: a view; and with the guard on
// a collation, a shard key under which one key could stand twice (docs/mongodb.md, "Collections that cannot be
// written"), an entry of another mapping. `indexes` is the same port with the time that building them may take.
//
// A collection with documents that lacks the index of its key: with `refuse` it is not built, and the error says the
// command that does, for it may take longer than there is time.
enum class IndexOnDocuments : std::uint8_t { build, refuse };
Result<MongoCollection> open_collection(DeadlinePort& port, DeadlinePort& indexes, const Change& change,
                                        IndexOnDocuments on_documents);

// The same without writing anything: the collection may be absent, and its entry, too.
Result<MongoCollection> look_at_collection(DeadlinePort& port, const Change& change);

// The collections of `database` that have an entry of the mapping in force, and tombstones: enough of each for its
// settle pass. Kinds and key fields are not known.
Result<std::vector<MongoCollection>> collections_in(DeadlinePort& port, const std::string& database,
                                                    const TimedTarget::DestinationOf& destination_of);

// Documents that are found by key attributes are found by the same ones for ever; a change with others is fatal.
Result<void> check_key_fields(const MongoCollection& collection, const Change& change);

// Keeps to one kind of versions: whole seconds and microseconds do not compare. The first that comes is remembered in
// the collection's entry, unless `dry_run`; another is fatal.
enum class KindMode : std::uint8_t { remember, dry_run };
Result<void> check_kind(DeadlinePort& port, MongoCollection& collection, const Change& change, KindMode mode);

}  // namespace dynatlas
