// SPDX-License-Identifier: Apache-2.0
#include "simulation/shared_world.h"

#include <fmt/format.h>

#include <algorithm>

#include "change/bson.h"
#include "simulation/event_text.h"

namespace dynatlas::simulation {

using Role = PlannedWorker::Role;

World::World(const Plan& made, StackPool& stacks, bool with_steps)
    : plan(made), table(made), choices(made.seed), scheduler(stacks, choices, begin_of_time), followed(with_steps) {
  active = static_cast<std::size_t>(std::count_if(made.workers.begin(), made.workers.end(),
                                                  [](const auto& worker) { return worker.role != Role::settling; }));
  scheduler.set_stickiness(made.stickiness);
  server.set_poison("poison");
  if (made.user_index && !server.make_index(table.documents(), {"users", {"u"}, true, std::nullopt}))
    fail("the user's index could not be made");
}

void World::tell(const std::string& who, const std::string& what) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(scheduler.now() - begin_of_time).count();
  outcome.steps.push_back(fmt::format("{:>9}.{:03} s  {:<10} {}", since / 1000, since % 1000, who, what));
}

// Where everybody repeated what he had begun, the collection is right without a settle pass.
void World::be_done() {
  if (--active > 0 || left_behind) return;
  const bool waits_for_person = plan.function && plan.user_index && !parked.empty();
  const auto& workers = plan.workers;
  if (waits_for_person ||
      std::any_of(workers.begin(), workers.end(), [](const auto& worker) { return worker.role == Role::zombie; }))
    return;
  const std::string different = table.difference(server, false);
  if (!different.empty()) fail("when all were done: " + different);
}

Clock::Time World::next_pass() const {
  Clock::Time next = scheduler.now() + settle_after / 5;
  for (const PlannedChange& change : plan.history) {
    const Clock::Time at{std::chrono::microseconds(change.version ? change.version->t : 0)};
    if (at > scheduler.now()) next = std::min(next, at);
  }
  return next;
}

std::string World::letter_id(std::size_t index) const {
  return plan.function ? letter_id_of(plan, plan.history[index]) : fmt::format("change {}", index);
}

bool World::has_letter(const std::string& id) const {
  Buffer filter;
  OpenDocument fields(filter);
  append_string_element(filter, "_id", id);
  fields.close();
  return !server.find({"state", "dynatlas.dead_letters"}, filter.view()).empty();
}

}  // namespace dynatlas::simulation
