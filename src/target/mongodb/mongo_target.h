// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/clock.h"
#include "target/mongodb/collection.h"
#include "target/mongodb/guarded_batch.h"
#include "target/mongodb/persistence.h"
#include "target/timed_target.h"

namespace dynatlas {

struct MongoTargetOptions {
  std::string state_database;  // of the dead letters
  GuardTimes times;
  std::chrono::milliseconds patience = std::chrono::minutes(5);  // how long a server that does not work is asked again
  std::uint32_t seed = std::random_device{}();                   // of the back-off's jitter
  const std::atomic<bool>* stop = nullptr;                       // once it is set, nobody is asked again
  bool settles_by_itself = true;                                 // else only when it is told to
  IndexOnDocuments on_documents = IndexOnDocuments::build;
};

// A MongoDB server, kept equal to the tables under the guard (docs/mongodb.md). What may work later is tried again with
// back-off until the patience ends, and then is fatal, or until the time of end_by() does, and then is of kind retry;
// the server may have carried out any part of it.
class MongoTarget : public TimedTarget {
 public:
  MongoTarget(std::unique_ptr<MongoPort> port, Clock& clock, MongoTargetOptions options);

  Result<Applied> apply(std::span<const Change> changes) override;
  Result<void> park(std::span<const ParkedRecord> records) override;
  Result<void> drain() override { return settle(); }
  Result<void> break_off() override { return {}; }

  // Applies the deletes of all tombstones that are due once more, in the collections that were written so far. apply()
  // does so by itself, when it meets a collection and every minute.
  Result<void> settle();

  void end_by(Clock::Time time) override;
  Result<void> recall(const std::string& database, const DestinationOf& destination_of) override;
  Result<void> settle_until(Clock::Time time) override;

 private:
  Result<void> open_all(std::span<const Change> changes);
  Result<void> open(const Change& change);
  Result<void> settle_when_due();
  Result<bool> settle(const MongoCollection& collection, Clock::Time until);
  Result<void> settle_rest(Clock::Time until);
  void begin_to_settle();
  Result<void> apply_once(std::span<const Change> changes, Applied& applied);
  Result<void> apply_to(const MongoCollection& collection, std::vector<BatchChange>& batch);
  Result<void> apply_parts(const MongoCollection& collection, std::vector<BatchChange>& batch, std::size_t& done,
                           std::size_t& tried);
  DeadlinePort limited();
  DeadlinePort limited_to(std::chrono::milliseconds duration);

  std::unique_ptr<MongoPort> port_;
  Clock& clock_;
  MongoTargetOptions options_;
  Persistence persistence_;
  std::map<const Destination*, MongoCollection> collections_;
  std::map<const Destination*, MongoCollection> recalled_;  // written before, and not by this process
  std::size_t changes_at_once_;  // fewer after a batch that failed, as it may have been too much for its time limit
  Clock::Time settled_;          // when the last pass began that left nothing
  Clock::Time settling_since_;   // when the pass began that has `unsettled_` left
  std::vector<const Destination*> unsettled_;
  Clock::Time ends_ = Clock::Time::max();
};

}  // namespace dynatlas
