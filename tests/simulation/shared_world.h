// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "simulation/fate.h"
#include "simulation/plan.h"
#include "simulation/scheduler.h"
#include "simulation/server.h"
#include "simulation/table.h"
#include "simulation/world.h"

namespace dynatlas::simulation {

// What the actors of a schedule share.
struct World {
  World(const Plan& made, StackPool& stacks, bool with_steps);

  void fail(const std::string& wrong) {
    if (outcome.wrong.empty()) outcome.wrong = wrong;
  }
  void saw(Sight sight) { outcome.seen[static_cast<std::size_t>(sight)] = true; }
  void tell(const std::string& who, const std::string& what);

  // One of the active is done; where it was the last, the collection is looked at.
  void be_done();

  // When a settle pass is worth it again: after a while, or when the table changes.
  Clock::Time next_pass() const;

  // What a change of the history is called in the dead letters.
  std::string letter_id(std::size_t index) const;

  bool has_letter(const std::string& id) const;

  const Plan& plan;
  Table table;
  Server server;
  Choices choices;
  Scheduler scheduler;
  Outcome outcome;
  bool followed;
  std::size_t active = 0;    // workers that are not done yet, and requests that nobody waits for
  bool left_behind = false;  // a request that its worker did not wait for, or an invocation that Lambda did not
  std::size_t steps = 0;
  // Changes of the history, and whether each was always dropped in favour of a newer one.
  std::map<std::size_t, bool> acknowledged;
  std::set<std::string> parked;  // ids of dead letters that were acknowledged
};

}  // namespace dynatlas::simulation
