// SPDX-License-Identifier: Apache-2.0
#include "simulation/shrink.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "simulation/world.h"

namespace dynatlas::simulation {

namespace {

using Role = PlannedWorker::Role;

constexpr std::uint64_t seeds_tried = 150;

// What a user's unique index is on goes from lower keys to higher ones (plan.cc).
bool index_can_hold(const Plan& plan) {
  for (std::size_t i = 0; i < plan.history.size() && plan.user_index; ++i) {
    const PlannedChange& change = plan.history[i];
    for (std::size_t j = 0; j < i; ++j) {
      const PlannedChange& before = plan.history[j];
      if (change.removes || before.removes) continue;
      if (before.key == change.key || before.unique != change.unique) continue;
      if (before.key > change.key) return false;
      const auto left = std::find_if(
          plan.history.begin() + static_cast<std::ptrdiff_t>(j) + 1,
          plan.history.begin() + static_cast<std::ptrdiff_t>(i),
          [&](const PlannedChange& c) { return c.key == before.key && (c.removes || c.unique != before.unique); });
      if (left == plan.history.begin() + static_cast<std::ptrdiff_t>(i)) return false;
    }
  }
  return true;
}

// What the validator refuses never reaches the collection.
bool ends_with_poison(const Plan& plan) {
  std::map<int, bool> poison;
  for (const PlannedChange& change : plan.history) poison[change.key] = change.poison;
  return std::any_of(poison.begin(), poison.end(), [](const auto& last) { return last.second; });
}

bool is_cut(const Plan& plan, const PlannedWorker& worker, std::size_t at) {
  const PlannedChange& change = plan.history[worker.deliveries[at].change];
  if (change.part.value_or(0) == 0) return false;
  if (at == 0 || worker.deliveries[at - 1].ends_batch) return true;
  const PlannedChange& before = plan.history[worker.deliveries[at - 1].change];
  return before.sequence != change.sequence || before.part != *change.part - 1;
}

// An aggregated record is delivered whole, but for what stands last in it.
bool cuts_record(const Plan& plan) {
  for (const PlannedWorker& worker : plan.workers)
    for (std::size_t i = 0; i < worker.deliveries.size(); ++i)
      if (is_cut(plan, worker, i)) return true;
  return false;
}

// Every change must reach the table by somebody who lives, and the tombstones must settle.
bool makes_sense(const Plan& plan) {
  for (std::size_t change = 0; change < plan.history.size(); ++change) {
    const bool delivered = std::any_of(plan.workers.begin(), plan.workers.end(), [&](const PlannedWorker& worker) {
      const auto& list = worker.deliveries;
      return worker.role != Role::zombie &&
             std::any_of(list.begin(), list.end(), [&](const auto& delivery) { return delivery.change == change; });
    });
    if (!delivered) return false;
  }
  return index_can_hold(plan) && !ends_with_poison(plan) && !cuts_record(plan);
}

std::optional<Plan> fails(Plan plan, StackPool& stacks) {
  if (!makes_sense(plan)) return std::nullopt;
  for (std::uint64_t i = 0; i < seeds_tried; ++i, ++plan.seed)
    if (!run(plan, stacks, false).wrong.empty()) return plan;
  return std::nullopt;
}

void leave_out_change(Plan& plan, std::size_t change) {
  plan.history.erase(plan.history.begin() + static_cast<std::ptrdiff_t>(change));
  for (PlannedWorker& worker : plan.workers) {
    std::erase_if(worker.deliveries, [&](const auto& delivery) { return delivery.change == change; });
    for (auto& delivery : worker.deliveries) delivery.change -= delivery.change > change ? 1 : 0;
  }
}

// The same plan with one thing less, in all ways; nothing where there is no such way.
std::vector<std::function<void(Plan&)>> reductions_of(const Plan& plan) {
  std::vector<std::function<void(Plan&)>> all;
  for (std::size_t w = 0; w < plan.workers.size(); ++w) {
    const PlannedWorker& worker = plan.workers[w];
    const bool settles = worker.role == Role::settling;
    if (!settles)
      all.emplace_back([w](Plan& p) { p.workers.erase(p.workers.begin() + static_cast<std::ptrdiff_t>(w)); });
    for (std::size_t f = 0; f < worker.faults.size(); ++f) {
      all.emplace_back(
          [w, f](Plan& p) { p.workers[w].faults.erase(p.workers[w].faults.begin() + static_cast<std::ptrdiff_t>(f)); });
    }
    for (std::size_t d = 0; d < worker.deliveries.size() && !settles; ++d) {
      all.emplace_back([w, d](Plan& p) {
        p.workers[w].deliveries.erase(p.workers[w].deliveries.begin() + static_cast<std::ptrdiff_t>(d));
      });
    }
    if (worker.begins_after.count() != 0) all.emplace_back([w](Plan& p) { p.workers[w].begins_after = {}; });
    if (worker.clock_ahead.count() != 0) all.emplace_back([w](Plan& p) { p.workers[w].clock_ahead = {}; });
    if (worker.rewinds != 0 && !settles) all.emplace_back([w](Plan& p) { p.workers[w].rewinds = 0; });
  }
  for (std::size_t c = 0; c + 1 < plan.history.size(); ++c) all.emplace_back([c](Plan& p) { leave_out_change(p, c); });
  if (plan.stale_reads) all.emplace_back([](Plan& p) { p.stale_reads = false; });
  if (plan.user_index) all.emplace_back([](Plan& p) { p.user_index = false; });
  if (plan.id != IdForm::key) all.emplace_back([](Plan& p) { p.id = IdForm::key; });
  if (plan.key_form != 0) all.emplace_back([](Plan& p) { p.key_form = 0; });
  if (plan.function && plan.function->bisects) all.emplace_back([](Plan& p) { p.function->bisects = false; });
  if (plan.stickiness != 80) all.emplace_back([](Plan& p) { p.stickiness = 80; });
  return all;
}

}  // namespace

Plan shrunk(const Plan& failing, StackPool& stacks) {
  Plan smallest = failing;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (const auto& reduce : reductions_of(smallest)) {
      Plan candidate = smallest;
      reduce(candidate);
      auto failed = fails(std::move(candidate), stacks);
      if (!failed) continue;
      smallest = *std::move(failed);
      smaller = true;
      break;
    }
  }
  return smallest;
}

}  // namespace dynatlas::simulation
