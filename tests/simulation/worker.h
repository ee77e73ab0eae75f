// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "simulation/fate.h"
#include "simulation/plan.h"
#include "simulation/scheduler.h"
#include "simulation/server.h"
#include "simulation/table.h"
#include "simulation/world.h"
#include "target/mongodb/mongo_target.h"

namespace dynatlas::simulation {

// What the workers of a schedule share.
struct World {
  World(const Plan& made, StackPool& stacks, bool with_steps);

  void fail(const std::string& wrong) {
    if (outcome.wrong.empty()) outcome.wrong = wrong;
  }
  void tell(const std::string& who, const std::string& what);

  const Plan& plan;
  Table table;
  Server server;
  Choices choices;
  Scheduler scheduler;
  Outcome outcome;
  bool followed;
  std::size_t active = 0;    // workers that are not done yet, and requests that nobody waits for
  bool left_behind = false;  // a request that its worker did not wait for
  std::size_t steps = 0;
  // Changes of the history, and whether each was always dropped in favour of a newer one.
  std::map<std::size_t, bool> acknowledged;
  std::set<std::size_t> parked;  // of the history: whose dead letter was acknowledged
};

// What a change of the history is called in the dead letters.
std::string letter_id(std::size_t index);

// A process of the plan, and what befalls it.
class Worker : public Fate {
 public:
  Worker(World& world, std::size_t number)
      : world_(world),
        plan_(world.plan.workers[number]),
        name_("worker " + std::to_string(number)),
        fired_(plan_.faults.size()) {}

  // All its life. Throws nothing.
  void live();

  Clock::Time now() override { return world_.scheduler.now(); }
  std::size_t below(std::size_t limit) override { return world_.choices.below(limit); }
  void at_step(const CollectionName& name) override;
  void after_call(const CollectionName& name) override;
  bool happens(Mishap mishap) override;
  void ran_out_of_time() override {
    ++mishaps_;
    saw(Sight::request_expired);
  }
  void left_behind(std::unique_ptr<Request> request) override;
  Clock::Time majority_since() override;
  void saw(Sight sight) override { world_.outcome.seen[static_cast<std::size_t>(sight)] = true; }
  bool is_followed() const override { return world_.followed; }
  void tell(const std::string& what) override {
    if (world_.followed) world_.tell(name_, what);
  }

 private:
  // How a process ended.
  enum class End : std::uint8_t { done, crashed, gave_up };

  using Batch = std::vector<std::size_t>;  // changes of the history

  void be_done();
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
  Clock::Time next_pass() const;
  bool keep_settling(MongoTarget& target);
  bool is_counted(const CollectionName& name) const;
  void stand_still(const PlannedFault& fault);
  void befall(std::size_t fault);

  World& world_;
  const PlannedWorker& plan_;
  std::string name_;
  std::vector<bool> fired_;   // of the plan's faults
  std::size_t step_ = 0;      // on documents and tombstones
  std::size_t mishaps_ = 0;   // that it was told of
  std::size_t position_ = 0;  // deliveries before it are acknowledged
  Batch waiting_;             // for a value that a unique index of the user's holds
};

}  // namespace dynatlas::simulation
