// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dynatlas {

// A collection of a server.
struct CollectionName {
  std::string database;
  std::string collection;

  std::string text() const { return database + "." + collection; }
  friend bool operator==(const CollectionName&, const CollectionName&) = default;
  friend auto operator<=>(const CollectionName&, const CollectionName&) = default;
};

// A statement of MongoDB's command `update`, `multi: false`. Documents are BSON; the views must outlive the call.
struct UpdateStatement {
  std::string_view filter;
  std::string_view update;  // a whole document, which replaces, or one of update operators
  bool upsert = false;
};

// A statement of MongoDB's command `delete`, `limit: 1`: its filter.
struct DeleteStatement {
  std::string_view filter;
};

// A statement that the server did not carry out. Its message is not kept: it may quote values.
struct StatementFault {
  std::size_t index = 0;  // of the statement
  std::int32_t code = 0;  // MongoDB's error codes, such as 11000
  // Of a duplicate key (11000): the unique index and its fields, as far as the server says (`keyPattern`; before
  // MongoDB 4.2 only in the message).
  std::string index_name;
  std::vector<std::string> index_fields;
};

// What became of the statements of one call. All that have no fault were carried out and are acknowledged by a
// majority.
struct WriteReply {
  std::uint64_t matched = 0;           // documents that filters matched; of deletes: that were deleted
  std::uint64_t inserted = 0;          // by upserts
  std::vector<StatementFault> faults;  // in the order of their indexes
};

// An index as listIndexes tells it.
struct IndexFacts {
  std::string name;
  std::string key;  // BSON: field to 1, -1, "hashed", ..
  bool unique = false;
  bool whole = true;  // neither sparse nor partial, and without a collation of its own
};

struct NewIndex {
  std::string name;
  std::vector<std::string> fields;  // ascending
  bool unique = false;
  std::optional<std::int32_t> expire_after_seconds;
};

// What has to be known of a collection before it is written.
struct CollectionFacts {
  bool exists = false;
  std::string type = "collection";       // or view, timeseries
  bool has_collation = false;            // other than simple binary comparison
  std::optional<std::string> shard_key;  // BSON: field to 1 or "hashed"; none where it is not sharded
};

// The operations of a MongoDB server that the guard is made of: what decides (guarded_batch.h and its neighbours)
// stands above this, and runs unchanged on libmongoc and on the tests' simulated server. One port serves one thread.
//
// Errors: `retry` where the same call may work later (network, elections, throttling, a write that no majority
// acknowledged in time; some or all of the statements may have been carried out), `fatal` where a person has to change
// something first. Never poison: what is wrong with one document is a StatementFault.
//
// A call takes `limit` at most: after that nothing it sent can be carried out any more, and the error is `retry`.
class MongoPort {
 public:
  using Limit = std::chrono::milliseconds;

  virtual ~MongoPort() = default;

  // Leaves the session, and begins another: what follows is causally consistent, and reads what a majority has.
  virtual void begin_session() = 0;

  // The documents that match, as BSON, in any order: all of them or an error. `projection` may be empty.
  virtual Result<std::vector<std::string>> find(const CollectionName& name, std::string_view filter,
                                                std::string_view projection, Limit limit) = 0;

  // As above, but `documents_max` documents at most, in the order of `sort` (BSON).
  virtual Result<std::vector<std::string>> find_first(const CollectionName& name, std::string_view filter,
                                                      std::string_view sort, std::int64_t documents_max,
                                                      Limit limit) = 0;

  // Carries out the statements, unordered: each is tried, in any order, whatever becomes of the others.
  virtual Result<WriteReply> update(const CollectionName& name, std::span<const UpdateStatement> statements,
                                    Limit limit) = 0;
  virtual Result<WriteReply> remove(const CollectionName& name, std::span<const DeleteStatement> statements,
                                    Limit limit) = 0;

  virtual Result<CollectionFacts> facts_of(const CollectionName& name, Limit limit) = 0;

  // Empty where there is no such collection.
  virtual Result<std::vector<IndexFacts>> indexes_of(const CollectionName& name, Limit limit) = 0;

  // Makes the index, and the collection where it is absent; nothing happens where the same index is there. Fatal where
  // another index has its name or its fields, or two documents have one key of a unique index.
  virtual Result<void> make_index(const CollectionName& name, const NewIndex& index, Limit limit) = 0;
};

}  // namespace dynatlas
