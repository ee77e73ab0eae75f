// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <thread>

namespace dynatlas {

namespace {

class SystemClock : public Clock {
 public:
  Time now() override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  void sleep(std::chrono::milliseconds duration) override { std::this_thread::sleep_for(duration); }
};

}  // namespace

Clock& system_clock() {
  static SystemClock clock;
  return clock;
}

}  // namespace dynatlas
