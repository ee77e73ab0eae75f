// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "base/backoff.h"
#include "base/clock.h"
#include "decode/kcl_message.h"
#include "pipeline/kcl_daemon.h"

namespace dynatlas {

// Checkpoints of a shard: promises that everything up to a place is in the target.
class KclCheckpointer {
 public:
  enum class Outcome {
    done,
    lease_lost,  // another worker has the shard, or will have it
    not_yet,     // it was tried until the time was over; the next one covers it
  };

  KclCheckpointer(KclDaemon& daemon, Clock& clock, TellLine tell);

  // At this place; without one at the end of all that was delivered, which at the end of a shard is its end. What may
  // pass, such as throttling, is tried again with back-off until `until`. Fatal where the lease table is not usable,
  // the place is refused, or the daemon is gone.
  Result<Outcome> checkpoint(const std::optional<KclPlace>& place, Clock::Time until);

 private:
  Result<std::string> try_once(const std::optional<KclPlace>& place);

  KclDaemon& daemon_;
  Clock& clock_;
  TellLine tell_;
  Backoff backoff_;
};

}  // namespace dynatlas
