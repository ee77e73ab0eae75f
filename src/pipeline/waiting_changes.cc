// SPDX-License-Identifier: Apache-2.0
#include "pipeline/waiting_changes.h"

#include <algorithm>

namespace dynatlas {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds waiting_max{30'000};
constexpr milliseconds delay_min{100};
constexpr milliseconds delay_max{5'000};

std::size_t bytes_of(const Change& change, const Origin& origin) {
  return change.document.size() + change.key.value.size() + origin.text.size() + sizeof(Change) + sizeof(Origin);
}

}  // namespace

void WaitingChanges::add(Change change, Origin origin, std::string cause) {
  if (changes_.empty()) {
    delay_ = delay_min;
    next_ = clock_.now() + delay_;
  }
  bytes_ += bytes_of(change, origin);
  changes_.push_back(std::move(change));
  waiting_.push_back({std::move(origin), std::move(cause), clock_.now()});
}

std::vector<std::uint64_t> WaitingChanges::records() const {
  std::vector<std::uint64_t> records;
  records.reserve(waiting_.size());
  for (const Waiting& one : waiting_) records.push_back(one.origin.record);
  return records;
}

void WaitingChanges::clear() {
  changes_.clear();
  waiting_.clear();
  bytes_ = 0;
}

Result<WaitingChanges::Round> WaitingChanges::try_again(Target& target) {
  Round round;
  if (changes_.empty() || clock_.now() < next_) return round;
  ASSIGN_OR_RETURN(round.applied, target.apply(changes_));
  std::vector<Change> changes = std::move(changes_);
  std::vector<Waiting> waiting = std::move(waiting_);
  clear();
  const Clock::Time now = clock_.now();
  for (const Refused& refused : round.applied.refused) {
    Change& change = changes[refused.index];
    Waiting& one = waiting[refused.index];
    if (!refused.for_now || now - one.since >= waiting_max) {
      round.parked.push_back(parked_record(change, one.origin, refused.cause));
      continue;
    }
    bytes_ += bytes_of(change, one.origin);
    changes_.push_back(std::move(change));
    waiting_.push_back({std::move(one.origin), refused.cause, one.since});
  }
  round.applied.refused.clear();
  delay_ = std::min(delay_ * 2, delay_max);
  next_ = now + delay_;
  return round;
}

void WaitingChanges::wait(Clock::Time until) {
  const auto left = std::chrono::ceil<milliseconds>(std::min(next_, until) - clock_.now());
  if (left.count() > 0) clock_.sleep(left);
}

}  // namespace dynatlas
