// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <span>
#include <string>
#include <vector>

#include "simulation/function.h"

namespace dynatlas::simulation {

// A lane of an event source mapping: those records of a shard that have some partition keys, in their order. Each batch
// comes again until it is acknowledged, cut in two where the mapping bisects; and what was acknowledged may come again.
// Source: AWS Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis Data Streams".
class Lane {
 public:
  Lane(World& world, Function& function, std::size_t number)
      : world_(world), function_(function), plan_(world.plan.workers[number]), misfortunes_(plan_.faults) {}

  // All its life, or until somebody else goes on with it. Throws nothing.
  void live();

 private:
  using Batch = std::vector<std::size_t>;  // changes of the history

  void deliver();
  bool has_more();
  void wait_for_first();
  void take_answer(const std::string& answer);
  void fail_all();
  void bisect();
  void forget();
  void back_off();
  bool is_begin(std::size_t change) const;
  void check(std::span<const std::size_t> batch, std::size_t at);

  World& world_;
  Function& function_;
  const PlannedWorker& plan_;
  Misfortunes misfortunes_;
  std::size_t cut_ = 0;           // deliveries before it were cut into batches
  std::size_t acknowledged_ = 0;  // deliveries before it are acknowledged
  std::deque<Batch> batches_;     // between the two
  std::int64_t tries_ = 0;        // without any progress
  bool forgot_ = false;
};

}  // namespace dynatlas::simulation
