// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <random>
#include <string>

#include "base/clock.h"
#include "target/dead_letters.h"
#include "target/mongodb/deadline_port.h"
#include "target/mongodb/persistence.h"

namespace dynatlas {

struct MongoLettersOptions {
  std::string state_database;
  std::chrono::milliseconds patience = std::chrono::minutes(5);  // how long a server that does not work is asked again
  std::uint32_t seed = std::random_device{}();                   // of the back-off's jitter
  bool dry_run = false;                                          // nothing is dropped and counted
};

// The dead letters of a MongoDB server: the collection `dynatlas.dead_letters` of the state database. What stands there
// under an `_id` that is no string is none of ours, and stays unseen.
class MongoLetters : public DeadLetters {
 public:
  MongoLetters(std::unique_ptr<MongoPort> port, Clock& clock, const MongoLettersOptions& options);

  Result<std::vector<StoredLetter>> page(const std::optional<std::string>& after) override;
  Result<std::optional<StoredLetter>> find(const std::string& id) override;
  Result<void> drop(std::span<const std::string> ids) override;
  Result<void> count_attempt(const std::string& id) override;
  Result<void> finish() override { return {}; }

 private:
  Result<std::vector<StoredLetter>> read(const std::string& filter);

  template <class Work>
  Result<void> run(Work work);

  std::unique_ptr<MongoPort> port_;
  Clock& clock_;
  CollectionName letters_;
  Persistence persistence_;
  bool dry_run_;
};

}  // namespace dynatlas
