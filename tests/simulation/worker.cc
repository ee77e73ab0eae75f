// SPDX-License-Identifier: Apache-2.0
#include "simulation/worker.h"

#include <fmt/format.h>

#include <algorithm>

#include "simulation/request.h"
#include "simulation/simulated_port.h"

namespace dynatlas::simulation {

namespace {

using Role = PlannedWorker::Role;

constexpr int restarts_max = 40;
constexpr int waits_max = 80;
constexpr auto wait = std::chrono::seconds(100);  // for a unique index: in all, longer than any pause and a settle pass

// The machine's clock of one worker, which may be wrong.
class WorkerClock : public Clock {
 public:
  WorkerClock(Scheduler& scheduler, std::chrono::milliseconds ahead) : scheduler_(scheduler), ahead_(ahead) {}

  Time now() override { return scheduler_.now() + ahead_; }
  void sleep(std::chrono::milliseconds duration) override { scheduler_.sleep_until(scheduler_.now() + duration); }

 private:
  Scheduler& scheduler_;
  std::chrono::milliseconds ahead_;
};

}  // namespace

void Worker::live() {
  if (plan_.begins_after.count() > 0) world_.scheduler.sleep_until(now() + plan_.begins_after);
  for (int restarts = 0;; ++restarts) {
    const End end = process();
    if (end == End::done) break;
    if (end == End::crashed && is_zombie()) {
      saw(Sight::zombie_died);
      break;
    }
    if (restarts == restarts_max) {
      world_.fail(name_ + " started again and again, and was never done");
      break;
    }
    start_again();
  }
  if (plan_.role != Role::settling) world_.be_done();
}

Worker::End Worker::process() {
  WorkerClock clock(world_.scheduler, plan_.clock_ahead);
  MongoTargetOptions options;
  options.state_database = "state";
  options.times.settle_after = settle_after;
  options.seed = static_cast<std::uint32_t>(world_.choices.next());
  try {
    MongoTarget target(std::make_unique<SimulatedPort>(world_.server, *this), clock, std::move(options));
    return deliver(target) && write_waiting(target) && keep_settling(target) ? End::done : End::gave_up;
  } catch (const Crashed&) {
    return End::crashed;
  } catch (const std::exception& thrown) {
    world_.fail(fmt::format("{}: {}", name_, thrown.what()));
    return End::done;
  }
}

void Worker::start_again() {
  tell("starts again");
  saw(Sight::repeated_batch);
  position_ = waiting_.empty() ? position_ - std::min(position_, plan_.rewinds) : 0;
  waiting_.clear();
  world_.scheduler.sleep_until(now() + std::chrono::seconds(1));
}

Worker::Batch Worker::next_batch(std::size_t& behind) const {
  Batch batch;
  for (behind = position_; behind < plan_.deliveries.size();) {
    const PlannedWorker::Delivery& delivery = plan_.deliveries[behind++];
    batch.push_back(delivery.change);
    if (delivery.ends_batch) break;
  }
  return batch;
}

// A change can be delivered when it has happened.
void Worker::wait_for(const Batch& batch) {
  Clock::Time last = now();
  for (const std::size_t index : batch) {
    const auto& version = world_.plan.history[index].version;
    if (version) last = std::max(last, Clock::Time(std::chrono::microseconds(version->t)));
  }
  if (last > now()) world_.scheduler.sleep_until(last);
}

bool Worker::deliver(MongoTarget& target) {
  while (position_ < plan_.deliveries.size()) {
    std::size_t behind = 0;
    const Batch batch = next_batch(behind);
    wait_for(batch);
    if (!apply(target, batch)) return false;
    position_ = behind;
    if (!waiting_.empty() && !apply_waiting(target)) return false;
  }
  return true;
}

// Until it is done, all stay in the list: a restart must know of them.
bool Worker::apply_waiting(MongoTarget& target) {
  const Batch waiting = waiting_;
  if (!apply(target, waiting)) return false;
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(waiting.size()));
  if (waiting_.size() < waiting.size()) saw(Sight::written_after_refusal);
  return true;
}

bool Worker::apply(MongoTarget& target, const Batch& batch) {
  std::vector<Change> changes;
  changes.reserve(batch.size());
  for (const std::size_t index : batch) {
    tell("applies " + described(world_.plan.history[index]));
    changes.push_back(world_.table.change(index));
  }
  const std::uint64_t stale = stale_already(batch);
  const std::size_t mishaps = misfortunes_.count;
  const Result<Applied> applied = target.apply(changes);
  if (!applied) {
    tell("gives up: " + applied.error().message);
    return false;
  }
  tell(fmt::format("is done with the batch: {} upserted, {} removed, {} stale, {} coalesced, {} refused",
                   applied->upserted, applied->removed, applied->stale, applied->coalesced, applied->refused.size()));
  judge(batch, *applied);
  // What is refused, for good or for now, gives way to older changes of its key, which may be stale; and so may poison.
  const bool has_poison =
      std::any_of(batch.begin(), batch.end(), [this](std::size_t index) { return world_.plan.history[index].poison; });
  const bool gives_way = has_poison || !applied->refused.empty();
  if (is_alone() && !gives_way && applied->stale > stale)
    world_.fail(fmt::format("{}: {} changes were stale, and {} were counted so", name_, stale, applied->stale));
  // A batch that is tried again may count what its first try wrote.
  if (mishaps == misfortunes_.count && applied->stale < stale)
    world_.fail(fmt::format("{}: {} changes were stale already, and {} were counted so", name_, stale, applied->stale));
  if (!park(target, batch, *applied)) return false;
  acknowledge(batch, *applied);
  return true;
}

// As the pipeline does: before the batch is acknowledged, so that it comes again where its process dies meanwhile.
bool Worker::park(MongoTarget& target, const Batch& batch, const Applied& applied) {
  std::vector<ParkedRecord> records;
  std::vector<std::size_t> parked;
  for (const Refused& refused : applied.refused) {
    if (refused.for_now) continue;
    const std::size_t index = batch[refused.index];
    const Change& change = world_.table.change(index);
    ParkedRecord record;
    record.id = world_.letter_id(index);
    record.destination = change.destination;
    record.key = change.key;
    record.version = change.version;
    record.position = world_.letter_id(index);
    records.push_back(std::move(record));
    parked.push_back(index);
  }
  if (records.empty()) return true;
  if (const Result<void> done = target.park(records); !done) {
    tell("gives up: " + done.error().message);
    return false;
  }
  for (const std::size_t index : parked) {
    if (!world_.parked.insert(world_.letter_id(index)).second) saw(Sight::parked_again);
  }
  return true;
}

// Whether nobody else writes documents: what was not stale when a batch began does not become so.
bool Worker::is_alone() const {
  const auto& workers = world_.plan.workers;
  const auto others =
      std::count_if(workers.begin(), workers.end(), [](const auto& worker) { return worker.role != Role::settling; });
  return others == 1 && plan_.role != Role::settling && !world_.left_behind && !world_.plan.soft_deletes &&
         world_.plan.guard;
}

// Those that something as new was there of, before the batch began.
std::uint64_t Worker::stale_already(const Batch& batch) const {
  std::uint64_t stale = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (world_.plan.history[batch[i]].poison) continue;
    if (!was_dropped(batch, {}, i) && world_.table.is_stale(batch[i], world_.server)) ++stale;
  }
  return stale;
}

void Worker::judge(const Batch& batch, const Applied& applied) {
  const std::uint64_t counted =
      applied.upserted + applied.removed + applied.stale + applied.coalesced + applied.refused.size();
  if (counted != batch.size())
    world_.fail(fmt::format("{}: a batch of {} changes was counted as {}", name_, batch.size(), counted));
  if (applied.stale > 0) saw(Sight::stale_refused);
  if (applied.coalesced > 0) saw(Sight::coalesced);
  for (const Refused& refused : applied.refused) {
    const PlannedChange& change = world_.plan.history[batch.at(refused.index)];
    saw(refused.for_now ? Sight::user_index_refused : Sight::poison_refused);
    const bool right = refused.for_now ? world_.plan.user_index : change.poison;
    if (!right) world_.fail(fmt::format("{}: {} was refused: {}", name_, described(change), refused.cause));
  }
}

// What is acknowledged must be there. Of a key whose newest change waits an older one may be what cannot be there, too.
void Worker::acknowledge(const Batch& batch, const Applied& applied) {
  std::set<int> keys_that_wait;
  std::set<std::size_t> refused_here;
  for (const Refused& refused : applied.refused) {
    refused_here.insert(refused.index);
    if (!refused.for_now) continue;
    keys_that_wait.insert(world_.plan.history[batch[refused.index]].key);
    waiting_.push_back(batch[refused.index]);
  }
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const PlannedChange& change = world_.plan.history[batch[i]];
    const bool may_be_refused = keys_that_wait.contains(change.key) && !change.removes;
    if (refused_here.contains(i) || may_be_refused) continue;
    const bool dropped = was_dropped(batch, refused_here, i);
    const auto known = world_.acknowledged.try_emplace(batch[i], dropped).first;
    known->second = known->second && dropped;
    const std::string lost = world_.table.lost(batch[i], dropped, world_.server);
    if (!lost.empty()) world_.fail(name_ + ": " + lost);
  }
}

// The newest of a key is what counts, of two repeats the first.
bool Worker::was_dropped(const Batch& batch, const std::set<std::size_t>& refused, std::size_t at) const {
  const auto& history = world_.plan.history;  // oldest first
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const bool newer = batch[i] > batch[at] || (batch[i] == batch[at] && i < at);
    if (!refused.contains(i) && newer && history[batch[i]].key == history[batch[at]].key) return true;
  }
  return false;
}

bool Worker::write_waiting(MongoTarget& target) {
  for (int waits = 0; !waiting_.empty(); ++waits) {
    if (waits == waits_max) {
      world_.fail(fmt::format("{}: {} waits for a value that nobody holds", name_,
                              described(world_.plan.history[waiting_[0]])));
      return true;
    }
    world_.scheduler.sleep_until(now() + wait);
    if (!apply_waiting(target)) return false;
  }
  return true;
}

// While others are at work and, behind the last of them, until every tombstone is due.
bool Worker::keep_settling(MongoTarget& target) {
  if (plan_.role != Role::settling) return true;
  while (world_.active > 0) {
    world_.scheduler.sleep_until(world_.next_pass());
    if (!target.settle()) return false;
  }
  world_.scheduler.sleep_until(now() + settle_after * 3 / 2);
  return target.settle().has_value();
}

}  // namespace dynatlas::simulation
