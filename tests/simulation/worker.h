// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <vector>

#include "simulation/planned_fate.h"
#include "simulation/shared_world.h"
#include "target/mongodb/mongo_target.h"

namespace dynatlas::simulation {

// A process of the plan, and what befalls it.
class Worker : public PlannedFate {
 public:
  Worker(World& world, std::size_t number)
      : PlannedFate(world, "worker " + std::to_string(number)),
        plan_(world.plan.workers[number]),
        misfortunes_(plan_.faults) {
    suffers(misfortunes_);
  }

  // All its life. Throws nothing.
  void live();

 private:
  // How a process ended.
  enum class End : std::uint8_t { done, crashed, gave_up };

  using Batch = std::vector<std::size_t>;  // changes of the history

  bool is_zombie() const { return plan_.role == PlannedWorker::Role::zombie; }
  End process();
  void start_again();
  bool deliver(MongoTarget& target);
  Batch next_batch(std::size_t& behind) const;
  void wait_for(const Batch& batch);
  bool apply(MongoTarget& target, const Batch& batch);
  bool park(MongoTarget& target, const Batch& batch, const Applied& applied);
  bool is_alone() const;
  std::uint64_t stale_already(const Batch& batch) const;
  void judge(const Batch& batch, const Applied& applied);
  void acknowledge(const Batch& batch, const Applied& applied);
  bool was_dropped(const Batch& batch, const std::set<std::size_t>& refused, std::size_t at) const;
  bool apply_waiting(MongoTarget& target);
  bool write_waiting(MongoTarget& target);
  bool keep_settling(MongoTarget& target);

  const PlannedWorker& plan_;
  Misfortunes misfortunes_;
  std::size_t position_ = 0;  // deliveries before it are acknowledged
  Batch waiting_;             // for a value that a unique index of the user's holds
};

}  // namespace dynatlas::simulation
