// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace dynatlas {

// What time it is, and waiting: a test's clock goes as the test says.
class Clock {
 public:
  using Time = std::chrono::sys_time<std::chrono::microseconds>;

  virtual ~Clock() = default;

  virtual Time now() = 0;
  virtual void sleep(std::chrono::milliseconds duration) = 0;
};

// The machine's clock.
Clock& system_clock();

}  // namespace dynatlas
