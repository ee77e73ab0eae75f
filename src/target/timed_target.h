// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "target/target.h"

namespace dynatlas {

// A target for a process that is ended from outside at a time that is known: a Lambda invocation.
class TimedTarget : public Target {
 public:
  // Whatever is asked from now on is over by this time: what is not done then is an error, and not tried again:
  // of kind retry where it may work later.
  virtual void end_by(Clock::Time time) = 0;

  // The collection's place in the configuration in force; null where it has none.
  using DestinationOf = std::function<const Destination*(const std::string& collection)>;

  // Finds the collections of `database` that were written before, by whatever process, under the rules that are in
  // force: from now on settle_until() is about them, too, and not only about those that this process writes. The next
  // one begins anew, whenever the last was.
  virtual Result<void> recall(const std::string& database, const DestinationOf& destination_of) = 0;

  // Applies the deletes of tombstones that are due once more, where that was not done for a minute; begins nothing
  // after `time`, and goes on with the rest the next time.
  virtual Result<void> settle_until(Clock::Time time) = 0;
};

}  // namespace dynatlas
