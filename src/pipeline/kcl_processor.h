// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/backoff.h"
#include "base/clock.h"
#include "config/config.h"
#include "decode/kcl_message.h"
#include "pipeline/event_applier.h"
#include "pipeline/kcl_checkpointer.h"
#include "pipeline/kcl_daemon.h"
#include "target/timed_target.h"

namespace dynatlas {

// Connects to the target. Of kind retry where that may work later.
using OpenTimedTarget = std::function<Result<std::unique_ptr<TimedTarget>>()>;

// Applies the records of one shard, as the MultiLangDaemon delivers them, to a target (docs/kcl.md).
class KclProcessor {
 public:
  // The configuration, which names the stream, the daemon and the clock outlive the processor.
  KclProcessor(const Config& config, OpenTimedTarget open, KclDaemon& daemon, Clock& clock, TellLine tell);

  // Serves the daemon until it closes. A checkpoint and an answer come only when all that was delivered before is dealt
  // with: applied, stale, filtered or parked, and acknowledged by the target. What may work later is tried again
  // without end. Any other error is one that a person must mend, and nothing is answered then: the daemon stops. Once
  // the lease is lost records are answered and not applied: another worker does that.
  Result<void> run();

 private:
  // How far a try came.
  struct Attempt {
    std::size_t done = 0;        // so many records are dealt with
    std::optional<Error> error;  // why not all
  };

  Result<void> handle(const KclMessage& message);
  Result<void> initialize(const KclMessage& message);
  Result<void> take(std::span<const KclRecord> records);
  Attempt try_to_apply(std::span<const KclRecord> records);
  Result<void> keep(std::span<const KclRecord> records, std::size_t done);
  Result<void> end_shard();
  Result<void> stop_soon();
  Result<void> stop(const std::string& reason);
  Result<void> checkpoint(const std::optional<KclPlace>& place, Clock::Time until);
  Result<void> open();
  void wait_for(const Error& error);
  void settle_between();
  void settle_while_idle();
  void tell_settled(const Result<void>& settled);
  void count(const EventSummary& summary);
  void tell_total();

  const Config& config_;
  OpenTimedTarget open_;
  KclDaemon& daemon_;
  Clock& clock_;
  TellLine tell_;
  EventApplier applier_;
  KclCheckpointer checkpointer_;
  Backoff backoff_;
  std::unique_ptr<TimedTarget> target_;  // null before it is open, and after it failed
  bool recalled_ = false;                // it knows the collections that earlier processes wrote
  std::string shard_;
  bool lease_lost_ = false;
  std::size_t checkpointed_ = 0;  // of the records in hand
  EventSummary total_;
};

}  // namespace dynatlas
