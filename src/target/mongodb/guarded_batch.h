// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "change/change.h"
#include "target/mongodb/guarded.h"

namespace dynatlas {

// A collection that was found fit to be written (collection.h).
struct MongoCollection {
  const Destination* destination = nullptr;
  Guarded documents;
  Guarded tombstones;
  std::string kind;  // of its versions; empty while no numbered change has come

  bool has_tombstones() const { return destination->rules->guard && !destination->rules->soft_deletes; }
};

// How long things take and last.
struct GuardTimes {
  // After this a tombstone's delete is applied once more. A batch takes a quarter of it at most.
  std::chrono::milliseconds settle_after = std::chrono::minutes(10);
  std::chrono::milliseconds tombstone_life = std::chrono::hours(24 * 30);
};

// One change of a batch, and what became of it.
struct BatchChange {
  enum class Verdict : std::uint8_t { open, upserted, removed, stale, refused, waiting };

  const Change* change = nullptr;
  Verdict verdict = Verdict::open;
  std::string cause = {};  // of refused and waiting
};

// Applies changes of one collection, one a key, sorted by key, removes before upserts (docs/mongodb.md, "The guard in
// MongoDB"): look-up before, tombstones, deletes, guarded upserts, look-up after. Each change has a verdict at the end,
// or the error says why; then all of it may be given again, with `repeat`, so that what was written already counts as
// it did.
class GuardedBatch {
 public:
  GuardedBatch(DeadlinePort port, const MongoCollection& collection, const GuardTimes& times, bool repeat)
      : port_(port), collection_(collection), times_(times), repeat_(repeat) {}

  Result<void> run(std::span<BatchChange> changes);

 private:
  Result<void> refuse_foreign(std::span<const BatchChange> changes);
  Result<void> look_up_before(std::span<BatchChange> upserts);
  Result<void> bury(std::span<BatchChange> removes);
  Result<void> upsert(std::span<BatchChange> upserts);
  Result<void> look_up_after(std::span<BatchChange> upserts);
  bool is_old(const Change& change);

  DeadlinePort port_;
  const MongoCollection& collection_;
  const GuardTimes& times_;
  bool repeat_;
  std::vector<BatchChange*> written_;  // the upserts that were sent
};

// What the dead letter says of a document that the server refuses with this code, or that waits for this unique index
// (whose name may be unknown).
std::string cause_of_refusal(std::int32_t code);
std::string cause_of_waiting(const std::string& index);

// Gives the change that met a fault its verdict: refused where it is its document's, waiting where a unique index other
// than the key's has its value, else open, for the key is taken. Other faults are errors.
Result<void> take_fault(const StatementFault& fault, const Guarded& documents, BatchChange& change);

}  // namespace dynatlas
