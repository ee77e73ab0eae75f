// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "simulation/server.h"
#include "support/fake_mongod.h"

namespace dynatlas {

// A fake that keeps documents, and has the race of two first writers, as mongod has it: an upsert that matches nothing
// inserts in a second step. Of the first two upserts of an `_id` in `raced`, both match before either inserts.
class StoredMongod {
 public:
  explicit StoredMongod(CollectionName raced);

  std::string uri() const { return mongod_.uri(); }
  std::vector<std::string> documents(const CollectionName& name);

  // Which of the two inserts first: the one with the lower version, or the other.
  void let_older_insert_first(bool older_first);

 private:
  struct Race {
    int arrived = 0;
    int inserted = 0;
    std::int64_t lowest = 0;
  };

  void answer(const std::string& command, std::string (StoredMongod::*how)(const FakeCommand&));
  std::string write(const FakeCommand& command);
  std::string find(const FakeCommand& command);
  std::string make_index(const FakeCommand& command);
  std::string list_indexes(const FakeCommand& command);
  std::string list_collections(const FakeCommand& command);
  simulation::StepResult carry_out(const CollectionName& name, const simulation::Write& write,
                                   std::unique_lock<std::mutex>& lock);
  void meet(const simulation::Write& write, std::unique_lock<std::mutex>& lock);

  CollectionName raced_;
  std::mutex mutex_;
  std::condition_variable changed_;
  simulation::Server server_;
  std::map<std::string, Race> races_;  // by the `_id`
  bool older_first_ = true;
  FakeMongod mongod_;
};

}  // namespace dynatlas
