// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>

#include "base/clock.h"
#include "base/result.h"

namespace dynatlas {

// Tries again what may work later, with jittered back-off from 100 ms to 10 s, until its patience ends.
class Persistence {
 public:
  Persistence(Clock& clock, std::chrono::milliseconds patience, std::uint32_t seed)
      : clock_(clock), patience_(patience), random_(seed) {}

  // What `work` returned at last: a success, or an error that is fatal.
  template <class Work>
  Result<void> run(Work work) {
    const Clock::Time began = clock_.now();
    for (std::chrono::milliseconds delay = delay_min;; delay = std::min(delay * 2, delay_max)) {
      Result<void> worked = work();
      if (worked || worked.error().kind != ErrorKind::retry) return worked;
      const auto spent = std::chrono::floor<std::chrono::seconds>(clock_.now() - began);
      if (spent >= patience_)
        return fatal(fmt::format("{}; it was tried for {} s: when the server works again, the same command continues",
                                 worked.error().message, spent.count()));
      clock_.sleep(jittered(delay));
    }
  }

 private:
  static constexpr std::chrono::milliseconds delay_min{100};
  static constexpr std::chrono::milliseconds delay_max{10'000};

  // Several processes that failed together must not come back together.
  std::chrono::milliseconds jittered(std::chrono::milliseconds delay) {
    return delay / 2 + std::chrono::milliseconds(random_() % static_cast<std::uint32_t>(delay.count() / 2 + 1));
  }

  Clock& clock_;
  std::chrono::milliseconds patience_;
  std::minstd_rand random_;
};

}  // namespace dynatlas
