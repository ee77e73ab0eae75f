// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

#include "target/timed_target.h"

namespace dynatlas {

// Nothing is begun after the one, or waited for after the other: the next event waits for it.
inline constexpr std::chrono::milliseconds spare_time_max{50};
inline constexpr std::chrono::milliseconds spare_wait_max{1000};

// Settles what it can between two events, by `ends` at the latest. What is left is done the next time: a failure loses
// nothing.
inline Result<void> settle_in_spare_time(TimedTarget& target, Clock::Time now, Clock::Time ends = Clock::Time::max()) {
  target.end_by(std::min<Clock::Time>(ends, now + spare_wait_max));
  return target.settle_until(std::min<Clock::Time>(ends, now + spare_time_max));
}

}  // namespace dynatlas
