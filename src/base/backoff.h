// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace dynatlas {

// Pauses before one tries again: each about twice as long as the last one, and jittered, since many that failed
// together must not come back together.
class Backoff {
 public:
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest, std::uint32_t seed)
      : first_(first), longest_(longest), next_(first), random_(seed) {}

  // What the next one is at most.
  std::chrono::milliseconds longest_next() const { return next_; }

  // Between a half and the whole of what the last one was doubled to.
  std::chrono::milliseconds next() {
    const std::chrono::milliseconds whole = next_;
    next_ = std::min(next_ * 2, longest_);
    std::uniform_int_distribution<std::int64_t> part(whole.count() / 2, whole.count());
    return std::chrono::milliseconds(part(random_));
  }

  // It worked: the next one is a short one again.
  void reset() { next_ = first_; }

 private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds longest_;
  std::chrono::milliseconds next_;
  std::minstd_rand random_;
};

}  // namespace dynatlas
