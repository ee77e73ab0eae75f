// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/mongo_target.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "target/coalesce.h"
#include "target/mongodb/parking.h"
#include "target/mongodb/tombstones.h"

namespace dynatlas {

namespace {

constexpr std::size_t changes_at_once_max = 100'000;  // more than a batch has
constexpr std::size_t changes_at_once_min = 50;
constexpr auto settle_every = std::chrono::minutes(1);
constexpr auto index_limit = std::chrono::minutes(30);  // an index may read the whole collection

// Sorted as they were chosen, by collection.
std::map<const Destination*, std::vector<BatchChange>> batches_of(const std::vector<const Change*>& changes) {
  std::map<const Destination*, std::vector<BatchChange>> batches;
  for (const Change* change : changes) batches[change->destination].push_back({change});
  return batches;
}

void count(const BatchChange& change, std::span<const Change> changes, Applied& applied) {
  const auto index = static_cast<std::size_t>(change.change - changes.data());
  switch (change.verdict) {
    case BatchChange::Verdict::upserted:
      ++applied.upserted;
      break;
    case BatchChange::Verdict::removed:
      ++applied.removed;
      break;
    case BatchChange::Verdict::refused:
    case BatchChange::Verdict::waiting:
      applied.refused.push_back({index, change.cause, change.verdict == BatchChange::Verdict::waiting});
      break;
    default:
      ++applied.stale;
  }
}

struct OrderByKey {
  bool operator()(const Change* a, const Change* b) const {
    return std::tie(a->destination, a->key) < std::tie(b->destination, b->key);
  }
};

// Changes, one for each key.
using Keys = std::set<const Change*, OrderByKey>;

// The other changes of the keys whose newest change was refused, and where they stood. They were dropped in its favour,
// and are what the document is: for good, or while the newest waits.
struct Rest {
  std::vector<Change> changes;
  std::vector<std::size_t> indexes;
};

// `refused`: all of them; those from `first_new` on were refused last.
Rest rest_behind(std::span<const Change> changes, const std::vector<Refused>& refused, std::size_t first_new) {
  Rest rest;
  Keys keys;
  std::set<std::size_t> are_refused;
  for (const Refused& one : refused) are_refused.insert(one.index);
  for (const Refused& one : std::span(refused).subspan(first_new)) keys.insert(&changes[one.index]);
  for (std::size_t i = 0; i < changes.size() && !keys.empty(); ++i) {
    if (!keys.contains(&changes[i]) || are_refused.contains(i)) continue;
    rest.changes.push_back(changes[i]);
    rest.indexes.push_back(i);
  }
  return rest;
}

// Of several changes of a key that wait the newest, which was refused first, alone is worth it.
void keep_newest_waiting(std::span<const Change> changes, Applied& applied) {
  Keys waiting;
  applied.coalesced += std::erase_if(
      applied.refused, [&](const Refused& one) { return one.for_now && !waiting.insert(&changes[one.index]).second; });
}

void add(const Applied& more, const Rest& rest, Applied& applied) {
  applied.coalesced -= rest.changes.size();
  applied.upserted += more.upserted;
  applied.removed += more.removed;
  applied.stale += more.stale;
  applied.coalesced += more.coalesced;
  for (const Refused& refused : more.refused)
    applied.refused.push_back({rest.indexes[refused.index], refused.cause, refused.for_now});
}

}  // namespace

MongoTarget::MongoTarget(std::unique_ptr<MongoPort> port, Clock& clock, MongoTargetOptions options)
    : port_(std::move(port)),
      clock_(clock),
      options_(std::move(options)),
      // A batch that a tombstone might not outlive is given up.
      persistence_(clock, std::min(options_.patience, options_.times.tombstone_life / 2), options_.seed, options_.stop),
      changes_at_once_(changes_at_once_max),
      settled_(options_.settles_by_itself ? clock.now() : Clock::Time{}) {}

DeadlinePort MongoTarget::limited() { return limited_to(options_.times.settle_after / 4); }

DeadlinePort MongoTarget::limited_to(std::chrono::milliseconds duration) {
  const auto left = std::chrono::floor<std::chrono::milliseconds>(ends_ - clock_.now());
  return {*port_, clock_, std::min(duration, left)};
}

void MongoTarget::end_by(Clock::Time time) {
  ends_ = time;
  persistence_.end_by(time);
}

Result<void> MongoTarget::open(const Change& change) {
  return persistence_.run([&]() -> Result<void> {
    port_->begin_session();
    DeadlinePort port = limited();
    DeadlinePort indexes = limited_to(index_limit);
    const auto found = collections_.find(change.destination);
    if (found != collections_.end()) return check_kind(port, found->second, change, KindMode::remember);
    ASSIGN_OR_RETURN(MongoCollection collection, open_collection(port, indexes, change, options_.on_documents));
    RETURN_IF_ERROR(check_kind(port, collection, change, KindMode::remember));
    if (options_.settles_by_itself) RETURN_IF_ERROR(settle(collection, Clock::Time::max()));
    collections_.emplace(change.destination, std::move(collection));
    recalled_.erase(change.destination);
    return {};
  });
}

// Before any is compared with another: kinds that do not compare are an error.
Result<void> MongoTarget::open_all(std::span<const Change> changes) {
  for (const Change& change : changes) {
    auto found = collections_.find(change.destination);
    const bool known = found != collections_.end() && (change.kind.empty() || change.kind == found->second.kind);
    if (!known) {
      RETURN_IF_ERROR(open(change));
      found = collections_.find(change.destination);
    }
    RETURN_IF_ERROR(check_key_fields(found->second, change));
  }
  return {};
}

// Whether none is left.
Result<bool> MongoTarget::settle(const MongoCollection& collection, Clock::Time until) {
  while (collection.has_tombstones()) {
    if (clock_.now() >= until) return false;
    DeadlinePort port = limited();
    ASSIGN_OR_RETURN(const std::int64_t took, settle_tombstones(port, collection));
    if (took != settled_at_once_max) break;
  }
  return true;
}

Result<void> MongoTarget::settle() {
  settled_ = clock_.now();
  for (const auto& [destination, collection] : collections_) {
    const auto settle_all = [&, &opened = collection]() -> Result<void> {
      port_->begin_session();
      RETURN_IF_ERROR(settle(opened, Clock::Time::max()));
      return {};
    };
    RETURN_IF_ERROR(persistence_.run(settle_all));
  }
  return {};
}

Result<void> MongoTarget::recall(const std::string& database, const DestinationOf& destination_of) {
  return persistence_.run([&]() -> Result<void> {
    port_->begin_session();
    DeadlinePort port = limited();
    ASSIGN_OR_RETURN(std::vector<MongoCollection> found, collections_in(port, database, destination_of));
    for (MongoCollection& collection : found) {
      if (!collections_.contains(collection.destination))
        recalled_.emplace(collection.destination, std::move(collection));
    }
    begin_to_settle();
    return {};
  });
}

void MongoTarget::begin_to_settle() {
  settling_since_ = clock_.now();
  unsettled_.clear();
  for (const auto* some : {&collections_, &recalled_}) {
    for (const auto& [destination, collection] : *some) unsettled_.push_back(destination);
  }
}

Result<void> MongoTarget::settle_until(Clock::Time time) {
  if (unsettled_.empty()) {
    if (clock_.now() - settled_ < settle_every) return {};
    begin_to_settle();
  }
  return settle_rest(time);
}

// One that fails is left to the next pass: the others must not wait for it.
Result<void> MongoTarget::settle_rest(Clock::Time until) {
  while (!unsettled_.empty()) {
    const auto found = collections_.find(unsettled_.back());
    const MongoCollection& collection = found != collections_.end() ? found->second : recalled_.at(unsettled_.back());
    port_->begin_session();
    const Result<bool> settled = settle(collection, until);
    if (!settled || *settled) unsettled_.pop_back();
    RETURN_IF_ERROR(settled);
    if (!*settled) return {};
  }
  settled_ = settling_since_;
  return {};
}

Result<void> MongoTarget::settle_when_due() {
  const bool due = options_.settles_by_itself && clock_.now() - settled_ >= settle_every;
  return due ? settle() : Result<void>{};
}

// In parts that are over one by one; `done` of the changes have their verdict, and `tried` were sent before.
Result<void> MongoTarget::apply_parts(const MongoCollection& collection, std::vector<BatchChange>& batch,
                                      std::size_t& done, std::size_t& tried) {
  port_->begin_session();
  while (done < batch.size()) {
    const bool repeat = done < tried;
    const std::size_t size = std::min(changes_at_once_, (repeat ? tried : batch.size()) - done);
    const std::span<BatchChange> part = std::span(batch).subspan(done, size);
    for (BatchChange& change : part) change = {change.change};
    tried = std::max(tried, done + size);
    if (auto applied = GuardedBatch(limited(), collection, options_.times, repeat).run(part); !applied) {
      changes_at_once_ = std::max(changes_at_once_min, size / 2);
      return applied;
    }
    done += size;
    changes_at_once_ = std::min(changes_at_once_max, changes_at_once_ * 2);
  }
  return {};
}

Result<void> MongoTarget::apply_to(const MongoCollection& collection, std::vector<BatchChange>& batch) {
  std::size_t done = 0;
  std::size_t tried = 0;
  return persistence_.run([&] { return apply_parts(collection, batch, done, tried); });
}

Result<void> MongoTarget::apply_once(std::span<const Change> changes, Applied& applied) {
  auto batches = batches_of(coalesce(changes, applied));
  for (auto& [destination, batch] : batches) {
    RETURN_IF_ERROR(apply_to(collections_.at(destination), batch));
    for (const BatchChange& change : batch) count(change, changes, applied);
  }
  return {};
}

Result<Applied> MongoTarget::apply(std::span<const Change> changes) {
  RETURN_IF_ERROR(open_all(changes));
  RETURN_IF_ERROR(settle_when_due());
  Applied applied;
  RETURN_IF_ERROR(apply_once(changes, applied));
  std::size_t first_new = 0;
  for (;;) {
    const Rest rest = rest_behind(changes, applied.refused, first_new);
    if (rest.changes.empty()) break;
    first_new = applied.refused.size();
    Applied more;
    RETURN_IF_ERROR(apply_once(rest.changes, more));
    add(more, rest, applied);
  }
  keep_newest_waiting(changes, applied);
  return applied;
}

Result<void> MongoTarget::park(std::span<const ParkedRecord> records) {
  if (records.empty()) return {};
  return persistence_.run([&] {
    port_->begin_session();
    DeadlinePort port = limited();
    return park_records(port, letters_in(options_.state_database), records);
  });
}

}  // namespace dynatlas
