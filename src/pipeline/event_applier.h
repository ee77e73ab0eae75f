// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "decode/lambda_event.h"
#include "decode/record.h"
#include "pipeline/brake.h"
#include "pipeline/change_maker.h"
#include "pipeline/destinations.h"
#include "pipeline/origin.h"
#include "pipeline/waiting_changes.h"
#include "target/timed_target.h"
#include "transform/version_of.h"

namespace dynatlas {

// Where an event has to come again from.
struct EventFailure {
  std::string from;  // the lowest sequence number that is not dealt with; empty where a record has none: all of it
  Error error;       // why
  bool of_target = false;
};

// What became of an event's records. Without a failure read = upserted + removed + stale + coalesced + parked +
// filtered.
struct EventSummary {
  std::uint64_t read = 0;
  std::uint64_t parked = 0;
  std::uint64_t filtered = 0;
  Applied applied;
  std::optional<std::int64_t> newest;  // µs: the newest change's time
  std::vector<std::string> told;       // of parked records: position and cause, the first few
  std::optional<EventFailure> failure;
};

// Applies events, each a part of one shard, to a target. One serves one thread, and all events of a process: the brake
// counts across them.
class EventApplier {
 public:
  EventApplier(const Config& config, Clock& clock);

  // A record counts as dealt with when it was applied, stale, filtered or parked, and the target acknowledged that.
  // What is not is told by the lowest sequence number of all such records; what comes again behind it is harmless.
  // Changes that a unique index refuses are tried again until `ends`.
  EventSummary apply(const LambdaEvent& event, Target& target, Clock::Time ends);

  // Has the target recall the collections that earlier processes wrote.
  Result<void> recall(TimedTarget& target);

 private:
  Result<void> take_all();
  Result<void> take(std::size_t index);
  std::optional<RecordFault> take_change(std::size_t index, Change& change);
  Result<void> add(std::size_t index, Change change);
  Result<void> refuse(std::size_t index, const RecordFault& fault, const Record& known);
  Result<void> flush();
  Result<void> apply_batch();
  Result<void> take_refused(std::vector<Change>& batch, std::vector<Origin>& origins, std::vector<Refused>& refused);
  Result<void> try_waiting_again();
  Result<void> wait();
  Result<void> park(const ParkedRecord& record, const std::string& cause);
  void done(std::uint64_t index) { open_[index] = false; }
  void count(const Applied& applied);
  void reset();
  Error failed_target(Error error);
  EventFailure failure(Error error) const;
  void keep_brake();
  void pace(Clock::Time began);
  Origin origin_of(std::size_t index) const;
  void complete(Origin& origin) const;

  const Config& config_;
  Clock& clock_;
  RecordDecoder decoder_;
  ChangeMaker maker_;
  Versions versions_;
  Destinations destinations_;
  WaitingChanges waiting_;
  Brake brake_;
  Brake kept_brake_;     // as the records left it behind which all is dealt with
  std::size_t at_once_;  // changes that the target is given together

  // Of the event in hand.
  const LambdaEvent* event_ = nullptr;
  Target* target_ = nullptr;
  Clock::Time ends_;
  EventSummary summary_;
  std::vector<Change> batch_;
  std::vector<Origin> origins_;  // one for each change of the batch
  std::size_t batch_bytes_ = 0;
  std::vector<bool> open_;  // which records are not dealt with
  bool target_failed_ = false;
  bool braked_ = false;
};

}  // namespace dynatlas
