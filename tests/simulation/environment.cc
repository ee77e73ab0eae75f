// SPDX-License-Identifier: Apache-2.0
#include "simulation/environment.h"

#include <fmt/format.h>

#include "simulation/simulated_port.h"
#include "simulation/watched_target.h"
#include "target/mongodb/mongo_target.h"

namespace dynatlas::simulation {

Environment::Environment(World& world, const Config& config, std::size_t number)
    : PlannedFate(world, fmt::format("process {}", number)),
      config_(config),
      log_(clock_, "cdc", [this](const std::string& line) { tell(line); }),
      handler_(config, open(), clock_, log_) {}

// As apps/lambda/setup.cc does it.
std::unique_ptr<TimedTarget> Environment::open() {
  MongoTargetOptions options;
  options.state_database = *config_.state_database;
  options.times = {config_.times.settle_after, config_.times.tombstone_life};
  options.patience = config_.times.patience;
  options.seed = static_cast<std::uint32_t>(world_.choices.next());
  options.settles_by_itself = false;
  options.on_documents = IndexOnDocuments::refuse;
  auto target = std::make_unique<MongoTarget>(std::make_unique<SimulatedPort>(world_.server, *this), clock_, options);
  return std::make_unique<WatchedTarget>(world_, std::move(target));
}

void Environment::at_step(const CollectionName& name) {
  PlannedFate::at_step(name);
  if (!given_up_ && now() >= deadline_) time_out();
}

void Environment::rest(Clock::Time until) {
  if (!given_up_ && until >= deadline_) {
    world_.scheduler.sleep_until(deadline_);
    time_out();
  }
  world_.scheduler.sleep_until(until);
}

// Lambda kills the process; that it is not dead at once is worse, and must be harmless, too.
void Environment::time_out() {
  gone_ = true;
  if (world_.choices.one_in(2)) {
    saw(Sight::killed_by_timeout);
    tell("is killed, for its time is over");
    throw Crashed{world_.choices.one_in(2)};
  }
  saw(Sight::outlived_timeout);
  tell("goes on, though its time is over");
  given_up_ = true;
  ++world_.active;
  world_.left_behind = true;
  give_up_();
}

Reply Environment::serve(Misfortunes& misfortunes, const std::string& event, std::function<void()> give_up) {
  suffers(misfortunes);
  deadline_ = now() + world_.plan.function->timeout;
  give_up_ = std::move(give_up);
  if (invocations_++ > 0) saw(Sight::warm);
  try {
    return handle(event);
  } catch (const Crashed&) {
    return end();
  } catch (const std::exception& thrown) {
    world_.fail(fmt::format("{}: {}", name_, thrown.what()));
    return end();
  }
}

Reply Environment::handle(const std::string& event) {
  const Answer answer = handler_.handle({fmt::format("request-{}", invocations_), deadline_, event});
  if (given_up_) return end();
  if (now() >= deadline_) {
    tell("answers too late");
    saw(Sight::killed_by_timeout);
    return end();
  }
  if (!answer) return {};
  tell("answers " + *answer);
  return {Reply::Kind::answered, *answer};
}

Reply Environment::end() {
  gone_ = true;
  if (!given_up_) return {};
  world_.be_done();
  return {Reply::Kind::late, {}};
}

}  // namespace dynatlas::simulation
