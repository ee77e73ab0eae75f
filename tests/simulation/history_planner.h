// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/plan.h"
#include "simulation/scheduler.h"

namespace dynatlas::simulation {

// What the plans of all kinds of schedules begin with: the table's rules and history, and what may befall whoever
// delivers it.
class HistoryPlanner {
 protected:
  explicit HistoryPlanner(std::uint64_t seed) : choices_(seed) { plan_.seed = seed; }

  void choose_rules();
  void make_history();
  void spare_last_changes();
  void cut(PlannedWorker& worker);
  std::chrono::milliseconds some_pause();
  void make_faults(PlannedWorker& worker);
  void make_settling_worker();

  Choices choices_;
  Plan plan_;
  bool streams_ = false;
  std::int64_t keys_ = 1;
  bool duel_ = false;  // few changes of one key, and few faults: what needs an exact order of steps happens more often
  bool race_ = false;  // .. beside a settle pass
  std::int64_t more_changes_ = 0;

 private:
  Clock::Time first_time();
  std::chrono::microseconds gap();
  std::int64_t told_time() const;
  void make_race();
  PlannedChange& add(int key);
  int some_key();
  int unique_value(int key);
  bool was_above(int key, int value) const;
  bool is_held(int value) const;
  void add_undated();
  void end_with_remove();
  void add_copied();
  bool may_fall() const;
  PlannedChange& add_change();

  bool fell_ = false;
  Clock::Time time_;
  std::int64_t sequence_ = 0;
  int next_unique_ = 1;
};

}  // namespace dynatlas::simulation
