// SPDX-License-Identifier: Apache-2.0
#include "simulation/world.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <variant>

#include "simulation/lane.h"
#include "simulation/ticks.h"
#include "simulation/worker.h"

namespace dynatlas::simulation {

namespace {

constexpr std::string_view everything{"\5\0\0\0\0", 5};

using Kind = PlannedFault::Kind;
using Role = PlannedWorker::Role;

// Of two mappings the second delivers what the first does.
void see_stream(World& world) {
  const Plan& plan = world.plan;
  world.saw(plan.function->of_streams ? Sight::of_streams : Sight::of_kinesis);
  std::set<std::size_t> firsts;  // the first changes of lanes
  std::map<int, std::set<std::size_t>> by_shard;
  for (const PlannedWorker& worker : plan.workers) {
    if (worker.role != Role::lane || worker.deliveries.empty()) continue;
    const auto& list = worker.deliveries;
    if (!firsts.insert(list[0].change).second) world.saw(Sight::second_mapping);
    by_shard[plan.history[list[0].change].shard].insert(list[0].change);
    if (!std::is_sorted(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.change < b.change; }))
      world.saw(Sight::out_of_order);
  }
  if (by_shard.size() > 1) world.saw(Sight::two_shards);
  for (const auto& [shard, lanes] : by_shard)
    if (lanes.size() > 1) world.saw(Sight::two_lanes);
  for (const PlannedChange& change : plan.history)
    if (change.part.value_or(0) > 0) world.saw(Sight::aggregated);
}

// What a plan is made of, as a run that met it says.
void see_plan(World& world) {
  const auto saw = [&](bool seen, Sight sight) {
    if (seen) world.outcome.seen[static_cast<std::size_t>(sight)] = true;
  };
  const Plan& plan = world.plan;
  for (const PlannedChange& change : plan.history) {
    const bool own = &change == &plan.history.back();  // of the worker that settles
    const bool copied = change.version && change.version->s.empty() && !own;
    saw(copied, Sight::copied_item);
    saw(!change.version, Sight::undated_item);
    saw(change.removes && plan.soft_deletes, Sight::soft_delete);
    if (!change.version || own) continue;
    const bool old = change.version->t < (begin_of_time - settle_after / 4).time_since_epoch().count();
    saw(old, Sight::old_change);
    saw(!old, Sight::young_change);
  }
  saw(plan.id == IdForm::objectid, Sight::object_id);
  saw(!plan.guard, Sight::unguarded);
  if (plan.function) see_stream(world);
}

const char* name_of(Kind kind) {
  constexpr const char* names[] = {
      "crash",           "crash in flight", "pause",       "pause between commands", "refused",
      "lost connection", "lost reply",      "no majority", "failed statement",       "outage"};
  return names[static_cast<std::size_t>(kind)];
}

const char* name_of(Role role) {
  constexpr const char* names[] = {"live", "a zombie", "a lane", "settling"};
  return names[static_cast<std::size_t>(role)];
}

std::string described(const PlannedWorker& worker, std::size_t number) {
  std::string text = fmt::format("worker {} ({}) delivers", number, name_of(worker.role));
  for (const PlannedWorker::Delivery& delivery : worker.deliveries)
    text += fmt::format(" {}{}", delivery.change, delivery.ends_batch ? " |" : "");
  if (worker.begins_after.count() > 0) text += fmt::format("; begins after {} s", worker.begins_after.count() / 1000);
  if (worker.clock_ahead.count() != 0)
    text += fmt::format("; its clock is {} s ahead", worker.clock_ahead.count() / 1000);
  for (const PlannedFault& fault : worker.faults) {
    text += fmt::format("; {} at step {}", name_of(fault.kind), fault.step);
    if (fault.kind == Kind::pause || fault.kind == Kind::pause_between || fault.kind == Kind::outage)
      text += fmt::format(" of {} s", fault.pause.count() / 1000);
  }
  return text;
}

std::string position_in(std::string_view letter) {
  const auto position = find_element(letter, "position");
  return position ? std::string(string_text(position->value)) : "nowhere";
}

// One of each poison change that was parked, or cannot be read, and none of another, but for what a unique index
// refused a function for long.
void check_letters(World& world) {
  std::map<std::string, int> letters;
  for (const std::string& letter : world.server.find({"state", "dynatlas.dead_letters"}, everything))
    ++letters[position_in(letter)];
  int expected = 0;
  for (std::size_t i = 0; i < world.plan.history.size(); ++i) {
    const int count = letters[world.letter_id(i)];
    const bool is_due = world.plan.history[i].unreadable || world.parked.contains(world.letter_id(i));
    const int least = is_due ? 1 : 0;
    const bool may_be = world.plan.history[i].poison || (world.plan.function && world.plan.user_index);
    const int most = may_be ? 1 : 0;
    expected += count;
    if (count < least || count > most)
      world.fail(fmt::format("{} stands in the dead letters {} times", described(world.plan.history[i]), count));
  }
  for (const auto& [id, count] : letters) expected -= count;
  if (expected != 0) world.fail("the dead letters hold what nobody delivered");
}

using Actor = std::variant<Worker, Lane, Ticks>;

Actor& add_actor(std::deque<Actor>& actors, World& world, Function& function, std::size_t number) {
  const Role role = world.plan.workers[number].role;
  if (role == Role::lane) return actors.emplace_back(std::in_place_type<Lane>, world, function, number);
  if (world.plan.function && role == Role::settling)
    return actors.emplace_back(std::in_place_type<Ticks>, world, function, number);
  return actors.emplace_back(std::in_place_type<Worker>, world, number);
}

std::string described(const PlannedFunction& function) {
  return fmt::format("a function with {} s, events of {}{}", function.timeout.count() / 1000,
                     function.of_streams ? "DynamoDB Streams" : "Kinesis", function.bisects ? ", bisected" : "");
}

}  // namespace

std::vector<std::string> described(const Plan& plan) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("id {}, deletes {}, guard {}{}{}", plan.id == IdForm::objectid ? "objectid" : "key",
                              plan.soft_deletes ? "soft" : "remove", plan.guard ? "on" : "off",
                              plan.user_index ? ", a unique index of the user's on u" : "",
                              plan.stale_reads ? ", reads may be stale" : ""));
  if (plan.function) lines.push_back(described(*plan.function));
  for (std::size_t i = 0; i < plan.history.size(); ++i)
    lines.push_back(fmt::format("change {}: {}", i, described(plan.history[i])));
  for (std::size_t i = 0; i < plan.workers.size(); ++i) lines.push_back(described(plan.workers[i], i));
  return lines;
}

Outcome run(const Plan& plan, StackPool& stacks, bool with_steps) {
  World world(plan, stacks, with_steps);
  see_plan(world);
  Function function(world);
  std::deque<Actor> actors;
  for (std::size_t i = 0; i < plan.workers.size(); ++i) {
    auto& actor = add_actor(actors, world, function, i);
    world.scheduler.add([&actor] { std::visit([](auto& who) { who.live(); }, actor); });
  }
  world.scheduler.run();
  const std::string different = world.table.difference(world.server);
  if (!different.empty()) world.fail(different);
  for (const auto& [index, was_dropped] : world.acknowledged) {
    const std::string lost = world.table.lost(index, was_dropped, world.server);
    if (!lost.empty()) world.fail("at the end: " + lost);
  }
  check_letters(world);
  return std::move(world.outcome);
}

}  // namespace dynatlas::simulation
