// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>

#include "base/clock.h"
#include "target/mongodb/mongo_target.h"
#include "target/mongodb/persistence.h"
#include "target/target.h"
#include "target/verdict.h"

namespace dynatlas {

// What a MongoTarget would do, for `--dry-run`: reads what stands under each key, remembers what it would be, and
// writes nothing. What it remembers grows with the number of keys. It does not see what MongoDB would refuse.
class MongoDryRun : public Target {
 public:
  MongoDryRun(std::unique_ptr<MongoPort> port, Clock& clock, const MongoTargetOptions& options)
      : port_(std::move(port)), clock_(clock), persistence_(clock, options.patience, options.seed, options.stop) {}

  Result<Applied> apply(std::span<const Change> changes) override;
  Result<void> park(std::span<const ParkedRecord> records) override;
  Result<void> drain() override { return {}; }
  Result<void> break_off() override { return {}; }

 private:
  struct Collection {
    MongoCollection opened;
    std::map<StoredKey, Standing> standing;
  };

  Result<void> open(DeadlinePort& port, const Change& change);
  Result<void> read(DeadlinePort& port, Collection& collection, const std::vector<const StoredKey*>& keys);
  Result<void> count(const Change& change, Applied& applied);

  std::unique_ptr<MongoPort> port_;
  Clock& clock_;
  Persistence persistence_;
  std::map<const Destination*, Collection> collections_;
};

}  // namespace dynatlas
