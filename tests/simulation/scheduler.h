// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "simulation/fiber.h"

namespace dynatlas::simulation {

// Choices that a seed decides, the same everywhere.
class Choices {
 public:
  explicit Choices(std::uint64_t seed) : state_(seed) {}

  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::size_t>(high - low + 1)));
  }
  bool one_in(std::size_t n) { return below(n) == 0; }
  std::uint64_t next();

 private:
  std::uint64_t state_;
};

// Actors that take turns on one thread: at each step of one, a choice says who goes on. Time is theirs alone, and
// passes by the steps they take; where all sleep, it jumps.
class Scheduler {
 public:
  Scheduler(StackPool& stacks, Choices& choices, Clock::Time now) : stacks_(stacks), choices_(choices), now_(now) {}

  // From the first to the last, how probable it is that an actor goes on after its step, in percent.
  void set_stickiness(unsigned percent) { stickiness_ = percent; }

  // May be called while others run. Exceptions must not leave the body.
  void add(std::function<void()> body);

  // Until all actors ended.
  void run();

  // Called by the actor whose turn it is.
  void step();
  void sleep_until(Clock::Time time);

  Clock::Time now() const { return now_; }

 private:
  struct Actor {
    std::unique_ptr<Fiber> fiber;
    Clock::Time wakes;
  };

  Actor* next();
  void pass_time();

  StackPool& stacks_;
  Choices& choices_;
  Clock::Time now_;
  unsigned stickiness_ = 0;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<Actor*> ready_;
  Actor* current_ = nullptr;
};

}  // namespace dynatlas::simulation
