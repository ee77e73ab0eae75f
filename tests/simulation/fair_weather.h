// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/fate.h"
#include "simulation/scheduler.h"

namespace dynatlas::simulation {

// Nothing goes wrong, and time passes where somebody sleeps. What a server may choose is chosen by chance all the same.
class FairWeather : public Fate, public Clock {
 public:
  Time now() override { return now_; }
  void sleep(std::chrono::milliseconds duration) override { now_ += duration; }
  std::size_t below(std::size_t limit) override { return choices_.below(limit); }
  void after_call(const CollectionName&) override { now_ += a_call_takes; }

  std::chrono::milliseconds a_call_takes{0};

 private:
  Time now_{std::chrono::seconds(1'700'000'000)};
  Choices choices_{1};
};

}  // namespace dynatlas::simulation
