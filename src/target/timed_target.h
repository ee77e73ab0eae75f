// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/clock.h"
#include "target/target.h"

namespace dynatlas {

// A target for a process that is ended from outside at a time that is known: a Lambda invocation.
class TimedTarget : public Target {
 public:
  // Whatever is asked from now on is over by this time: what is not done then is an error, and not tried again.
  virtual void end_by(Clock::Time time) = 0;

  // Applies the deletes of tombstones that are due once more, where that was not done for a minute; begins nothing
  // after `time`, and goes on with the rest the next time.
  virtual Result<void> settle_until(Clock::Time time) = 0;
};

}  // namespace dynatlas
