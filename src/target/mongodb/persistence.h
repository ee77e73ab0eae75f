// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/result.h"

namespace dynatlas {

// Tries again what may work later, with jittered back-off from 100 ms to 10 s, until its patience ends, or `stop` is
// set: who ends a process must not wait for a server that is away.
class Persistence {
 public:
  Persistence(Clock& clock, std::chrono::milliseconds patience, std::uint32_t seed,
              const std::atomic<bool>* stop = nullptr)
      : clock_(clock), patience_(patience), backoff_(delay_min, delay_max, seed), stop_(stop) {}

  // From now on nothing is tried again after this time.
  void end_by(Clock::Time time) { ends_ = time; }

  // What `work` returned at last: a success, or an error. It is of kind retry only where the time was over, and fatal
  // where the patience was.
  template <class Work>
  Result<void> run(Work work) {
    const Clock::Time began = clock_.now();
    backoff_.reset();
    for (;;) {
      Result<void> worked = work();
      if (worked || worked.error().kind != ErrorKind::retry) return worked;
      const auto spent = std::chrono::floor<std::chrono::seconds>(clock_.now() - began);
      if (spent >= patience_)
        return fatal(fmt::format("{}; it was tried for {} s: when the server works again, the same command continues",
                                 worked.error().message, spent.count()));
      if (stopped())
        return fatal(worked.error().message +
                     "; stopped by a signal: when the server works, the same command continues");
      if (clock_.now() + backoff_.longest_next() >= ends_)
        return retry(worked.error().message + "; there was no time left to try again");
      pause(backoff_.next());
    }
  }

 private:
  static constexpr std::chrono::milliseconds delay_min{100};
  static constexpr std::chrono::milliseconds delay_max{10'000};
  static constexpr std::chrono::milliseconds unheard_max{500};  // for so long may `stop` go unnoticed

  bool stopped() const { return stop_ != nullptr && stop_->load(); }

  void pause(std::chrono::milliseconds delay) {
    if (stop_ == nullptr) return clock_.sleep(delay);
    for (; delay.count() > 0 && !stopped(); delay -= unheard_max) clock_.sleep(std::min(delay, unheard_max));
  }

  Clock& clock_;
  std::chrono::milliseconds patience_;
  Backoff backoff_;
  const std::atomic<bool>* stop_;
  Clock::Time ends_ = Clock::Time::max();
};

}  // namespace dynatlas
