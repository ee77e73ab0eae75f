// SPDX-License-Identifier: Apache-2.0
#include "simulation/history_planner.h"

#include <algorithm>
#include <map>

namespace dynatlas::simulation {

namespace {

using Kind = PlannedFault::Kind;
using Role = PlannedWorker::Role;
using std::chrono::microseconds;

std::int64_t micros(Clock::Time time) { return time.time_since_epoch().count(); }

constexpr std::string_view stream_hash = "0123abcd";

}  // namespace

void HistoryPlanner::choose_rules() {
  plan_.guard = !choices_.one_in(32);
  plan_.soft_deletes = plan_.guard && choices_.one_in(8);
  if (choices_.one_in(6)) plan_.id = IdForm::objectid;
  plan_.user_index = plan_.guard && !plan_.soft_deletes && choices_.one_in(6);
  plan_.stale_reads = choices_.one_in(2);
  plan_.stickiness = static_cast<unsigned>(choices_.below(3)) * 40;
  plan_.key_form = static_cast<int>(choices_.below(4));
  streams_ = choices_.one_in(4);
  keys_ = choices_.one_in(2) ? 1 : choices_.between(2, 3);
  duel_ = plan_.guard && !plan_.soft_deletes && choices_.one_in(3);
  if (duel_) keys_ = 1;
  race_ = duel_ && choices_.one_in(5);
}

// Long ago, just now, or while the schedule runs.
Clock::Time HistoryPlanner::first_time() {
  switch (choices_.below(3)) {
    case 0:
      return begin_of_time - settle_after * choices_.between(2, 5);
    case 1:
      return begin_of_time - settle_after / 20;
    default:
      return begin_of_time + settle_after / 20;
  }
}

microseconds HistoryPlanner::gap() {
  const bool live = time_ > begin_of_time;
  switch (choices_.below(live ? 5 : 4)) {
    case 0:
      return microseconds(0);
    case 1:
      return microseconds(1);
    case 2:
      return microseconds(choices_.between(2, 1999));
    case 3:
      return std::chrono::seconds(1);
    default:
      return settle_after * choices_.between(1, 4) / 3;
  }
}

// A stream tells whole seconds.
std::int64_t HistoryPlanner::told_time() const {
  const std::int64_t t = micros(time_);
  return streams_ ? t / 1'000'000 * 1'000'000 : t;
}

// A remove, and when its tombstone is due an upsert and another remove.
void HistoryPlanner::make_race() {
  time_ = begin_of_time + std::chrono::seconds(1);
  add_change().removes = true;
  time_ += settle_after + std::chrono::seconds(choices_.between(10, 40));
  add_change().removes = false;
  plan_.history.back().poison = false;
  time_ += microseconds(choices_.between(0, 1999));
  add_change().removes = true;
}

void HistoryPlanner::make_history() {
  if (race_) return make_race();
  time_ = first_time();
  sequence_ = choices_.one_in(2) ? 97 : 7;  // its digits become more on the way
  const std::int64_t changes = duel_ ? choices_.between(2, 3) : keys_ + choices_.between(1, 4) + more_changes_;
  if (plan_.guard && choices_.one_in(6)) add_undated();
  for (std::int64_t i = 0; i < changes; ++i) {
    if (plan_.guard && !fell_ && choices_.one_in(8)) add_copied();
    add_change();
  }
  if (duel_ && choices_.one_in(2)) end_with_remove();
  spare_last_changes();
}

PlannedChange& HistoryPlanner::add(int key) {
  PlannedChange change;
  change.key = key;
  change.value = static_cast<int>(plan_.history.size());
  change.unique = unique_value(key);
  plan_.history.push_back(change);
  return plan_.history.back();
}

int HistoryPlanner::some_key() { return static_cast<int>(choices_.below(static_cast<std::size_t>(keys_))); }

// Fresh, or what a lower key had and left, and no higher one had: no two keys ever wait for each other's value.
int HistoryPlanner::unique_value(int key) {
  std::vector<int> left;
  for (const PlannedChange& before : plan_.history)
    if (before.key < key && !before.removes && !is_held(before.unique) && !was_above(key, before.unique))
      left.push_back(before.unique);
  return !left.empty() && choices_.one_in(2) ? left[choices_.below(left.size())] : next_unique_++;
}

bool HistoryPlanner::was_above(int key, int value) const {
  return std::any_of(plan_.history.begin(), plan_.history.end(), [&](const PlannedChange& change) {
    return change.key > key && !change.removes && change.unique == value;
  });
}

bool HistoryPlanner::is_held(int value) const {
  std::map<int, const PlannedChange*> last;
  for (const PlannedChange& change : plan_.history) last[change.key] = &change;
  return std::any_of(last.begin(), last.end(),
                     [&](const auto& one) { return !one.second->removes && one.second->unique == value; });
}

void HistoryPlanner::add_undated() { add(some_key()); }

void HistoryPlanner::end_with_remove() {
  plan_.history.back().removes = true;
  plan_.history.back().poison = false;
  plan_.history.front().removes = false;
}

void HistoryPlanner::add_copied() {
  time_ += streams_ ? microseconds(1'000'000) : microseconds(1);
  PlannedChange& change = add(some_key());
  change.version = Version{told_time(), ""};
}

// A stream's times may fall where nothing was copied: its numbers alone say what is newer.
bool HistoryPlanner::may_fall() const {
  return streams_ && std::none_of(plan_.history.begin(), plan_.history.end(), [](const PlannedChange& change) {
           return change.version && change.version->s.empty();
         });
}

PlannedChange& HistoryPlanner::add_change() {
  const bool falls = may_fall() && choices_.one_in(6);
  fell_ = fell_ || falls;
  time_ += falls ? microseconds(-1'500'000) : gap();
  sequence_ += choices_.between(1, 2);
  PlannedChange& change = add(some_key());
  const std::string digits = std::to_string(sequence_);
  change.version = Version{told_time(), streams_ ? stream_place(stream_hash, digits) : kinesis_place(digits)};
  change.kind = streams_ ? "d" + std::string(stream_hash) : "timed";
  change.removes = choices_.below(100) < 45;
  change.poison = !change.removes && choices_.one_in(24);
  return change;
}

// What the validator refuses must not be a key's last word: the table could not be reached then.
void HistoryPlanner::spare_last_changes() {
  std::vector<bool> met(static_cast<std::size_t>(keys_));
  for (auto change = plan_.history.rbegin(); change != plan_.history.rend(); ++change) {
    if (!met[static_cast<std::size_t>(change->key)]) change->poison = false;
    met[static_cast<std::size_t>(change->key)] = true;
  }
}

void HistoryPlanner::cut(PlannedWorker& worker) {
  const std::size_t batch = static_cast<std::size_t>(choices_.between(1, 3));
  for (auto& delivery : worker.deliveries) delivery.ends_batch = choices_.one_in(batch);
}

std::chrono::milliseconds HistoryPlanner::some_pause() {
  const auto part = settle_after / 10;
  return part * (choices_.one_in(2) ? choices_.between(1, 4) : choices_.between(11, 30));
}

void HistoryPlanner::make_faults(PlannedWorker& worker) {
  const bool zombie = worker.role == Role::zombie;
  const std::size_t steps = 4 + worker.deliveries.size() * 5;
  const std::size_t count = choices_.below(zombie ? 3 : 5);
  for (std::size_t i = 0; i < count; ++i) {
    const auto kind = static_cast<Kind>(choices_.below(plan_.guard ? 9 : 7));
    if (!plan_.guard && (kind == Kind::crash_in_flight || kind == Kind::connection_lost)) continue;
    if (zombie && (kind == Kind::crash || kind == Kind::crash_in_flight)) continue;
    worker.faults.push_back({kind, choices_.below(steps), some_pause()});
  }
}

// It needs a change of its own to know the collection by, and takes no part otherwise.
void HistoryPlanner::make_settling_worker() {
  PlannedChange& own = add(static_cast<int>(keys_));
  own.unique = next_unique_++;
  own.version = Version{micros(begin_of_time - settle_after * 10) / 1'000'000 * 1'000'000, ""};
  PlannedWorker worker;
  worker.role = Role::settling;
  worker.rewinds = 1;
  worker.deliveries.push_back({plan_.history.size() - 1, true});
  if (choices_.one_in(4)) worker.clock_ahead = settle_after * choices_.between(-1, 1) / 8;
  if (choices_.one_in(2)) worker.faults.push_back({Kind::crash, choices_.below(60), {}});
  plan_.workers.push_back(std::move(worker));
}

}  // namespace dynatlas::simulation
