// SPDX-License-Identifier: Apache-2.0
#include "simulation/scheduler.h"

#include <algorithm>
#include <utility>

namespace dynatlas::simulation {

// SplitMix64 (Steele, Lea and Flood, 2014).
std::uint64_t Choices::next() {
  std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

void Scheduler::add(std::function<void()> body) {
  actors_.push_back(std::make_unique<Actor>(Actor{std::make_unique<Fiber>(stacks_, std::move(body)), now_}));
}

// Where nobody is awake, whoever wakes first.
Scheduler::Actor* Scheduler::next() {
  ready_.clear();
  Clock::Time first = Clock::Time::max();
  for (const auto& actor : actors_) first = std::min(first, actor->wakes);
  now_ = std::max(now_, first);
  for (const auto& actor : actors_)
    if (actor->wakes <= now_) ready_.push_back(actor.get());
  return ready_[choices_.below(ready_.size())];
}

void Scheduler::run() {
  while (!actors_.empty()) {
    current_ = next();
    current_->fiber->resume();
    if (current_->fiber->ended()) std::erase_if(actors_, [this](const auto& actor) { return actor.get() == current_; });
  }
  current_ = nullptr;
}

// A step takes milliseconds, now and then seconds.
void Scheduler::pass_time() {
  const bool slow = choices_.one_in(32);
  now_ += slow ? std::chrono::milliseconds(choices_.between(1000, 8000))
               : std::chrono::milliseconds(choices_.between(0, 3));
}

void Scheduler::step() {
  pass_time();
  current_->wakes = now_;
  if (choices_.below(100) < stickiness_) return;
  current_->fiber->stop();
}

void Scheduler::sleep_until(Clock::Time time) {
  current_->wakes = std::max(now_, time);
  current_->fiber->stop();
}

}  // namespace dynatlas::simulation
