// SPDX-License-Identifier: Apache-2.0
#include "simulation/plan.h"

#include <algorithm>
#include <map>

#include "simulation/scheduler.h"

namespace dynatlas::simulation {

namespace {

using Kind = PlannedFault::Kind;
using Role = PlannedWorker::Role;
using std::chrono::microseconds;

std::int64_t micros(Clock::Time time) { return time.time_since_epoch().count(); }

constexpr std::string_view stream_hash = "0123abcd";

class Planner {
 public:
  explicit Planner(std::uint64_t seed) : choices_(seed) { plan_.seed = seed; }

  Plan make() {
    choose_rules();
    make_history();
    make_workers();
    make_settling_worker();
    return std::move(plan_);
  }

 private:
  void choose_rules() {
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
  Clock::Time first_time() {
    switch (choices_.below(3)) {
      case 0:
        return begin_of_time - settle_after * choices_.between(2, 5);
      case 1:
        return begin_of_time - settle_after / 20;
      default:
        return begin_of_time + settle_after / 20;
    }
  }

  microseconds gap() {
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
  std::int64_t told_time() const {
    const std::int64_t t = micros(time_);
    return streams_ ? t / 1'000'000 * 1'000'000 : t;
  }

  // A remove, and when its tombstone is due an upsert and another remove.
  void make_race() {
    time_ = begin_of_time + std::chrono::seconds(1);
    add_change().removes = true;
    time_ += settle_after + std::chrono::seconds(choices_.between(10, 40));
    add_change().removes = false;
    plan_.history.back().poison = false;
    time_ += microseconds(choices_.between(0, 1999));
    add_change().removes = true;
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

  void make_history() {
    if (race_) return make_race();
    time_ = first_time();
    sequence_ = choices_.one_in(2) ? 97 : 7;  // its digits become more on the way
    const std::int64_t changes = duel_ ? choices_.between(2, 3) : keys_ + choices_.between(1, 4);
    if (plan_.guard && choices_.one_in(6)) add_undated();
    for (std::int64_t i = 0; i < changes; ++i) {
      if (plan_.guard && !fell_ && choices_.one_in(8)) add_copied();
      add_change();
    }
    if (duel_ && choices_.one_in(2)) end_with_remove();
    spare_last_changes();
  }

  PlannedChange& add(int key) {
    PlannedChange change;
    change.key = key;
    change.value = static_cast<int>(plan_.history.size());
    change.unique = unique_value(key);
    plan_.history.push_back(change);
    return plan_.history.back();
  }

  int some_key() { return static_cast<int>(choices_.below(static_cast<std::size_t>(keys_))); }

  // Fresh, or what a lower key had and left, and no higher one had: no two keys ever wait for each other's value.
  int unique_value(int key) {
    std::vector<int> left;
    for (const PlannedChange& before : plan_.history)
      if (before.key < key && !before.removes && !is_held(before.unique) && !was_above(key, before.unique))
        left.push_back(before.unique);
    return !left.empty() && choices_.one_in(2) ? left[choices_.below(left.size())] : next_unique_++;
  }

  bool was_above(int key, int value) const {
    return std::any_of(plan_.history.begin(), plan_.history.end(), [&](const PlannedChange& change) {
      return change.key > key && !change.removes && change.unique == value;
    });
  }

  bool is_held(int value) const {
    std::map<int, const PlannedChange*> last;
    for (const PlannedChange& change : plan_.history) last[change.key] = &change;
    return std::any_of(last.begin(), last.end(),
                       [&](const auto& one) { return !one.second->removes && one.second->unique == value; });
  }

  void add_undated() { add(some_key()); }

  void end_with_remove() {
    plan_.history.back().removes = true;
    plan_.history.back().poison = false;
    plan_.history.front().removes = false;
  }

  void add_copied() {
    time_ += streams_ ? microseconds(1'000'000) : microseconds(1);
    PlannedChange& change = add(some_key());
    change.version = Version{told_time(), ""};
  }

  // A stream's times may fall where nothing was copied: its numbers alone say what is newer.
  bool may_fall() const {
    return streams_ && std::none_of(plan_.history.begin(), plan_.history.end(), [](const PlannedChange& change) {
             return change.version && change.version->s.empty();
           });
  }

  PlannedChange& add_change() {
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
  void spare_last_changes() {
    std::vector<bool> met(static_cast<std::size_t>(keys_));
    for (auto change = plan_.history.rbegin(); change != plan_.history.rend(); ++change) {
      if (!met[static_cast<std::size_t>(change->key)]) change->poison = false;
      met[static_cast<std::size_t>(change->key)] = true;
    }
  }

  // --- who delivers what

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

  void cut(PlannedWorker& worker) {
    const std::size_t batch = static_cast<std::size_t>(choices_.between(1, 3));
    for (auto& delivery : worker.deliveries) delivery.ends_batch = choices_.one_in(batch);
  }

  // Clocks differ by an eighth of the time to settle at most (docs/mongodb.md).
  void trouble(PlannedWorker& worker) {
    if (choices_.one_in(3)) worker.begins_after = settle_after * choices_.between(1, 12) / 4;
    if (choices_.one_in(4)) worker.clock_ahead = settle_after * choices_.between(-1, 1) / 8;
    worker.rewinds = choices_.below(3);
  }

  std::chrono::milliseconds some_pause() {
    const auto part = settle_after / 10;
    return part * (choices_.one_in(2) ? choices_.between(1, 4) : choices_.between(11, 30));
  }

  void make_faults(PlannedWorker& worker) {
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

  // It needs a change of its own to know the collection by, and takes no part otherwise.
  void make_settling_worker() {
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

  Choices choices_;
  Plan plan_;
  bool streams_ = false;
  std::int64_t keys_ = 1;
  bool duel_ = false;  // few changes of one key, and few faults: what needs an exact order of steps happens more often
  bool race_ = false;  // .. beside a settle pass
  bool fell_ = false;
  Clock::Time time_;
  std::int64_t sequence_ = 0;
  int next_unique_ = 1;
};

}  // namespace

Plan make_plan(std::uint64_t seed) { return Planner(seed).make(); }

}  // namespace dynatlas::simulation
