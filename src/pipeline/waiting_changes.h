// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/clock.h"
#include "pipeline/origin.h"

namespace dynatlas {

// Changes that their target refused for now: a unique index of the user's has their value for another document, which a
// change behind them may free. They hold nobody up: they are given again with back-off for 30 s, and then refused for
// good. A newer change of the same key makes them stale in the target.
class WaitingChanges {
 public:
  explicit WaitingChanges(Clock& clock) : clock_(clock) {}

  void add(Change change, Origin origin, std::string cause);

  bool empty() const { return changes_.empty(); }
  std::size_t size() const { return changes_.size(); }

  // Whether they hold so much memory that nothing more should be read before they are done.
  bool full() const { return bytes_ > bytes_max; }

  // The numbers of their records, as their origins have them.
  std::vector<std::uint64_t> records() const;

  // Forgets them: who gave them gives them again.
  void clear();

  // What became of them in one go.
  struct Round {
    Applied applied;                   // without those that go on waiting
    std::vector<ParkedRecord> parked;  // whose time is over
  };

  // Gives them to the target again where it is time to; else nothing.
  Result<Round> try_again(Target& target);

  // Waits until it is time to, or `until` comes.
  void wait(Clock::Time until = Clock::Time::max());

 private:
  static constexpr std::size_t bytes_max = 16 * 1024 * 1024;

  struct Waiting {
    Origin origin;
    std::string cause;
    Clock::Time since;
  };

  Clock& clock_;
  std::vector<Change> changes_;
  std::vector<Waiting> waiting_;  // one for each of them
  std::size_t bytes_ = 0;
  std::chrono::milliseconds delay_{0};
  Clock::Time next_;
};

}  // namespace dynatlas
