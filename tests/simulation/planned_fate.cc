// SPDX-License-Identifier: Apache-2.0
#include "simulation/planned_fate.h"

#include <fmt/format.h>

#include "simulation/request.h"

namespace dynatlas::simulation {

namespace {

using Kind = PlannedFault::Kind;

constexpr std::size_t steps_max = 100'000;  // of a schedule; a hundred times what the longest takes
constexpr auto staleness_max = std::chrono::seconds(20);

Kind kind_of(Mishap mishap) {
  switch (mishap) {
    case Mishap::refused:
      return Kind::refused;
    case Mishap::connection_lost:
      return Kind::connection_lost;
    case Mishap::reply_lost:
      return Kind::reply_lost;
    case Mishap::no_majority:
      return Kind::no_majority;
    default:
      return Kind::statement_failed;
  }
}

}  // namespace

bool PlannedFate::is_counted(const CollectionName& name) const {
  const bool is_letters = name.collection == "dynatlas.dead_letters";
  return name == world_.table.documents() || name == world_.table.tombstones() || (world_.plan.function && is_letters);
}

void PlannedFate::stand_still(const PlannedFault& fault) {
  ++suffered_->count;
  tell(fmt::format("stands still for {} s", fault.pause.count() / 1000));
  if (fault.pause > settle_after) saw(Sight::zombie_slept);
  rest(now() + fault.pause);
}

void PlannedFate::befall(std::size_t fault) {
  suffered_->fired[fault] = true;
  const PlannedFault& planned = suffered_->planned[fault];
  if (planned.kind == Kind::pause) return stand_still(planned);
  const bool in_flight = planned.kind == Kind::crash_in_flight;
  saw(in_flight ? Sight::crash_in_flight : Sight::crash);
  tell(in_flight ? "crashes; what it sent is on its way" : "crashes");
  throw Crashed{in_flight};
}

void PlannedFate::at_step(const CollectionName& name) {
  if (++world_.steps > steps_max) {
    world_.fail("the schedule does not end");
    throw Crashed{};
  }
  world_.scheduler.step();
  if (!is_counted(name)) return;
  ++suffered_->step;
  for (std::size_t i = 0; i < suffered_->planned.size(); ++i) {
    const Kind kind = suffered_->planned[i].kind;
    const bool here = kind == Kind::crash || kind == Kind::crash_in_flight || kind == Kind::pause;
    if (here && is_due(i)) befall(i);
  }
}

void PlannedFate::after_call(const CollectionName& name) {
  for (std::size_t i = 0; i < suffered_->planned.size() && is_counted(name); ++i) {
    const PlannedFault& planned = suffered_->planned[i];
    if (planned.kind != Kind::pause_between || !is_due(i)) continue;
    suffered_->fired[i] = true;
    stand_still(planned);
  }
}

void PlannedFate::ran_out_of_time() {
  ++suffered_->count;
  saw(Sight::request_expired);
}

bool PlannedFate::is_due(std::size_t fault) const {
  return !suffered_->fired[fault] && suffered_->planned[fault].step <= suffered_->step;
}

bool PlannedFate::happens(Mishap mishap) {
  if (mishap == Mishap::refused && now() < suffered_->outage_ends) return true;
  for (std::size_t i = 0; i < suffered_->planned.size(); ++i) {
    const PlannedFault& planned = suffered_->planned[i];
    const bool begins = planned.kind == Kind::outage && mishap == Mishap::refused;
    if (!is_due(i) || (planned.kind != kind_of(mishap) && !begins)) continue;
    suffered_->fired[i] = true;
    ++suffered_->count;
    if (begins) {
      suffered_->outage_ends = now() + planned.pause;
      saw(Sight::outage);
    }
    constexpr const char* told[] = {"the server takes nothing now", "the connection is lost", "the reply is lost",
                                    "no majority acknowledges it", "the statement is interrupted"};
    tell(told[static_cast<std::size_t>(mishap)]);
    return true;
  }
  return false;
}

void PlannedFate::left_behind(std::unique_ptr<Request> request) {
  ++world_.active;
  world_.left_behind = true;
  const std::shared_ptr<Request> on_its_way = std::move(request);
  world_.scheduler.add([&world = world_, on_its_way, who = name_ + "'s"] {
    while (!on_its_way->done()) {
      const auto left = std::chrono::floor<std::chrono::milliseconds>(on_its_way->deadline() - world.scheduler.now());
      if (left.count() > 0 && world.choices.one_in(2)) {
        world.scheduler.sleep_until(world.scheduler.now() +
                                    std::chrono::milliseconds(world.choices.between(0, left.count())));
      } else {
        world.scheduler.step();
      }
      on_its_way->step(world.scheduler.now());
      if (world.followed) world.tell(who, on_its_way->told());
    }
    const WriteReply reply = on_its_way->reply();
    if (reply.matched + reply.inserted > 0) world.outcome.seen[static_cast<std::size_t>(Sight::late_request)] = true;
    --world.active;
  });
}

Clock::Time PlannedFate::majority_since() {
  return world_.plan.stale_reads && world_.choices.one_in(2) ? now() - staleness_max : now();
}

}  // namespace dynatlas::simulation
