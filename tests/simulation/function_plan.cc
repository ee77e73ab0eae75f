// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "simulation/event_text.h"
#include "simulation/history_planner.h"

namespace dynatlas::simulation {

namespace {

using Kind = PlannedFault::Kind;
using Role = PlannedWorker::Role;
using std::chrono::seconds;

constexpr std::size_t lanes_max = 2;                           // of a shard
constexpr std::chrono::milliseconds parks_from = seconds(40);  // docs/lambda.md: from 35 s on

// Plans schedules of the Lambda function: a stream's shards, who delivers them, and a copy beside them.
class FunctionPlanner : public HistoryPlanner {
 public:
  explicit FunctionPlanner(std::uint64_t seed) : HistoryPlanner(seed) {}

  Plan make() {
    choose_rules();
    adapt_rules();
    make_history();
    choose_timeout();
    make_poison();
    make_stream();
    make_copy();
    make_mappings();
    make_ticks();
    return std::move(plan_);
  }

 private:
  void adapt_rules() {
    plan_.guard = true;
    race_ = false;
    if (!duel_ && choices_.one_in(3)) more_changes_ = choices_.between(2, 8);
    if (keys_ > 1 && !plan_.soft_deletes && choices_.one_in(2)) plan_.user_index = true;
    constexpr int key_forms[] = {0, 1, 3};  // those of tables: no number of a key is decoded as a Decimal128
    plan_.key_form = key_forms[choices_.below(std::size(key_forms))];
    PlannedFunction function;
    function.of_streams = streams_;
    function.bisects = choices_.one_in(2);
    plan_.function = function;
  }

  static bool is_streamed(const PlannedChange& change) { return change.version && !change.version->s.empty(); }

  // With less time than parks_from nothing is parked that a unique index refuses, and a lane waits for what another
  // frees: two of them might wait for each other.
  void choose_timeout() {
    constexpr seconds timeouts[] = {seconds(8), seconds(30), seconds(40), seconds(60), seconds(900)};
    const std::chrono::milliseconds chosen = timeouts[choices_.below(std::size(timeouts))];
    const bool all_streamed = std::all_of(plan_.history.begin(), plan_.history.end(), is_streamed);
    plan_.function->timeout = plan_.user_index && !all_streamed ? std::max(chosen, parks_from) : chosen;
    strict_ = plan_.user_index && plan_.function->timeout < parks_from;
    if (strict_) plan_.function->bisects = false;  // what frees the value may be in the half behind
  }

  // Poison holds no value of a unique index, and does not leave its key's.
  void make_poison() {
    for (PlannedChange& change : plan_.history) {
      const bool unreadable = is_streamed(change) && choices_.one_in(7);
      if (unreadable) change.poison = true;
      change.unreadable = unreadable;
    }
    spare_last_changes();
    for (PlannedChange& change : plan_.history) {
      change.poison = change.poison && !strict_;
      change.unreadable = change.unreadable && change.poison;
    }
  }

  // --- the stream

  void make_stream() {
    const std::size_t shards = strict_ ? 1 : 1 + choices_.below(2);
    for (std::int64_t key = 0; key < keys_; ++key) {
      shard_of_.push_back(choices_.below(shards));
      lane_of_.push_back(strict_ ? 0 : choices_.below(lanes_max));
    }
    order_.resize(shards);
    for (std::size_t i = 0; i < plan_.history.size(); ++i)
      if (is_streamed(plan_.history[i])) order_[shard_of_[key_of(i)]].push_back(i);
    sequence_ = first_number();
    for (std::vector<std::size_t>& shard : order_) {
      if (!streams_ && !strict_ && choices_.one_in(3)) disorder(shard);
      number(shard);
    }
  }

  std::size_t key_of(std::size_t change) const { return static_cast<std::size_t>(plan_.history[change].key); }

  std::int64_t first_number() { return choices_.one_in(2) ? 97 : 7; }  // their digits become more on the way

  // DynamoDB puts records into Kinesis in another order than the changes happened; its times tell.
  void disorder(std::vector<std::size_t>& shard) {
    for (std::size_t i = 1; i < shard.size(); ++i) {
      const PlannedChange& before = plan_.history[shard[i - 1]];
      const PlannedChange& change = plan_.history[shard[i]];
      const bool by_time = before.key != change.key || before.version->t != change.version->t;
      if (by_time && choices_.one_in(2)) std::swap(shard[i - 1], shard[i]);
    }
  }

  // Kinesis numbers each shard by itself, and DynamoDB the whole stream.
  void number(const std::vector<std::size_t>& shard) {
    if (!streams_) sequence_ = first_number();
    const bool aggregates = !streams_ && choices_.one_in(4);
    for (std::size_t i = 0; i < shard.size(); ++i) {
      PlannedChange& change = plan_.history[shard[i]];
      const bool joins = aggregates && i > 0 && choices_.one_in(2) && joins_before(shard, i);
      if (!joins) sequence_ += choices_.between(1, 2);
      change.shard = static_cast<int>(shard_of_[key_of(shard[i])]);
      change.sequence = std::to_string(sequence_);
      if (joins) change.part = join(plan_.history[shard[i - 1]]);
      place(change);
    }
  }

  // An aggregated record has one partition key.
  bool joins_before(const std::vector<std::size_t>& shard, std::size_t i) const {
    return lane_of_[key_of(shard[i])] == lane_of_[key_of(shard[i - 1])];
  }

  static std::uint64_t join(PlannedChange& before) {
    if (!before.part) before.part = 0;
    return *before.part + 1;
  }

  void place(PlannedChange& change) const {
    change.version->s = streams_ ? stream_place(hash_of_stream(stream_arn(plan_)), change.sequence)
                                 : kinesis_place(change.sequence, change.part.value_or(0));
    change.kind = streams_ ? change.version->s.substr(0, 9) : "timed";
  }

  // --- who delivers what

  // What has no place in the stream comes from the table itself, by a worker of its own.
  void make_copy() {
    PlannedWorker worker;
    for (std::size_t i = 0; i < plan_.history.size(); ++i)
      if (!is_streamed(plan_.history[i])) worker.deliveries.push_back({i, false});
    if (worker.deliveries.empty()) return;
    cut(worker);
    make_faults(worker);
    plan_.workers.push_back(std::move(worker));
  }

  void make_mappings() {
    const bool two = !strict_ && choices_.one_in(duel_ ? 2 : 3);
    for (int mapping = 0; mapping < (two ? 2 : 1); ++mapping)
      for (const std::vector<std::size_t>& shard : order_)
        for (std::size_t lane = 0; lane < lanes_max; ++lane) make_lane(shard, lane);
  }

  void make_lane(const std::vector<std::size_t>& shard, std::size_t lane) {
    PlannedWorker worker;
    worker.role = Role::lane;
    for (const std::size_t change : shard)
      if (lane_of_[key_of(change)] == lane) worker.deliveries.push_back({change, false});
    if (worker.deliveries.empty()) return;
    cut_events(worker);
    if (!strict_ && choices_.one_in(4)) worker.begins_after = settle_after * choices_.between(1, 12) / 4;
    worker.rewinds = choices_.below(3);
    if (choices_.one_in(3)) make_outage(worker);
    if (!duel_ || choices_.one_in(3)) {
      make_faults(worker);
    } else if (!choices_.one_in(3)) {
      make_one_fault(worker);
    }
    plan_.workers.push_back(std::move(worker));
  }

  // Within an invocation, or longer than any.
  void make_outage(PlannedWorker& worker) {
    const std::chrono::milliseconds duration = choices_.one_in(2) ? some_pause() : seconds(choices_.between(3, 60));
    worker.faults.push_back({Kind::outage, choices_.below(4 + worker.deliveries.size() * 5), duration});
  }

  void make_one_fault(PlannedWorker& worker) {
    constexpr Kind kinds[] = {Kind::crash, Kind::crash_in_flight, Kind::pause, Kind::pause_between};
    worker.faults.push_back({kinds[choices_.below(std::size(kinds))], 1 + choices_.below(16), some_pause()});
  }

  // An aggregated record is not cut.
  void cut_events(PlannedWorker& worker) {
    const std::size_t records = static_cast<std::size_t>(choices_.between(1, 10));
    auto& list = worker.deliveries;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const bool is_whole = i + 1 == list.size() || plan_.history[list[i + 1].change].part.value_or(0) == 0;
      list[i].ends_batch = is_whole && choices_.one_in(records);
    }
  }

  // Its own change stands in a shard of its own.
  void make_ticks() {
    make_settling_worker();
    PlannedChange& own = plan_.history.back();
    own.shard = static_cast<int>(order_.size());
    own.sequence = std::to_string(sequence_ + 1);
    place(own);
  }

  bool strict_ = false;                          // one lane, in the order of the history
  std::vector<std::size_t> shard_of_;            // by key
  std::vector<std::size_t> lane_of_;             // by key
  std::vector<std::vector<std::size_t>> order_;  // of the changes in each shard
  std::int64_t sequence_ = 0;
};

}  // namespace

Plan make_function_plan(std::uint64_t seed) { return FunctionPlanner(seed).make(); }

}  // namespace dynatlas::simulation
