// SPDX-License-Identifier: Apache-2.0
#include "simulation/plan.h"

#include "simulation/history_planner.h"

namespace dynatlas::simulation {

namespace {

using Kind = PlannedFault::Kind;
using Role = PlannedWorker::Role;

// Plans schedules of workers.
class Planner : public HistoryPlanner {
 public:
  explicit Planner(std::uint64_t seed) : HistoryPlanner(seed) {}

  Plan make() {
    choose_rules();
    make_history();
    make_workers();
    make_settling_worker();
    return std::move(plan_);
  }

 private:
  void make_workers() {
    if (race_) return make_racing_workers();
    const bool all_live = duel_ && choices_.one_in(2);
    const std::size_t count = plan_.guard ? static_cast<std::size_t>(choices_.between(duel_ ? 2 : 1, 3)) : 1;
    for (std::size_t i = 0; i < count; ++i) {
      PlannedWorker worker;
      if (i > 0 && !all_live && !choices_.one_in(3)) worker.role = Role::zombie;
      plan_.workers.push_back(std::move(worker));
    }
    deal();
    for (PlannedWorker& worker : plan_.workers) {
      order(worker);
      cut(worker);
      if (plan_.guard) trouble(worker);
      if (!duel_ || choices_.one_in(3)) {
        make_faults(worker);
      } else if (worker.role == Role::live && !choices_.one_in(3)) {
        worker.faults.push_back({Kind::crash, 1 + choices_.below(16), {}});
      }
      if (worker.role == Role::zombie) make_end(worker);
    }
  }

  // Each change goes to one of the live ones at least.
  void deal() {
    std::vector<std::size_t> live;
    for (std::size_t i = 0; i < plan_.workers.size(); ++i)
      if (plan_.workers[i].role == Role::live) live.push_back(i);
    for (std::size_t change = 0; change < plan_.history.size(); ++change) {
      const std::size_t owner = live[choices_.below(live.size())];
      for (std::size_t i = 0; i < plan_.workers.size(); ++i) {
        const bool too = i != owner && choices_.one_in(plan_.workers[i].role == Role::zombie ? 2 : 3);
        if (i == owner || too) plan_.workers[i].deliveries.push_back({change, false});
      }
    }
  }

  void order(PlannedWorker& worker) {
    if (!plan_.guard) return;
    auto& list = worker.deliveries;
    const std::size_t repeats = choices_.below(3);
    for (std::size_t i = 0; i < repeats && !list.empty(); ++i) list.push_back(list[choices_.below(list.size())]);
    if (choices_.one_in(3)) return;
    for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[choices_.below(i)]);
  }

  // Clocks differ by an eighth of the time to settle at most (docs/mongodb.md).
  void trouble(PlannedWorker& worker) {
    if (choices_.one_in(3)) worker.begins_after = settle_after * choices_.between(1, 12) / 4;
    if (choices_.one_in(4)) worker.clock_ahead = settle_after * choices_.between(-1, 1) / 8;
    worker.rewinds = choices_.below(3);
  }

  // One dies behind its upsert, and knew the collection before.
  void make_racing_workers() {
    PlannedWorker zombie;
    zombie.role = Role::zombie;
    zombie.deliveries = {{0, true}, {1, true}};
    zombie.faults.push_back({Kind::crash, 8 + choices_.below(14), {}});
    PlannedWorker live;
    live.deliveries = {{0, true}, {1, true}, {2, true}};
    if (choices_.one_in(2)) std::swap(live.deliveries[1], live.deliveries[2]);
    plan_.workers = {live, zombie};
  }

  void make_end(PlannedWorker& worker) {
    const std::size_t steps = duel_ ? 9 : 4 + worker.deliveries.size() * 5;
    const Kind end = choices_.one_in(4) ? Kind::crash_in_flight : Kind::crash;
    std::size_t step = 1 + choices_.below(steps);
    if (choices_.one_in(duel_ ? 2 : 3)) {  // it comes back late, and writes once more
      worker.faults.push_back({Kind::pause_between, step, some_pause()});
      step += 1 + choices_.below(5);
    }
    worker.faults.push_back({end, step, {}});
  }
};

}  // namespace

Plan make_plan(std::uint64_t seed) { return Planner(seed).make(); }

}  // namespace dynatlas::simulation
