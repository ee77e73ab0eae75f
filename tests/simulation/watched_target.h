// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "simulation/shared_world.h"
#include "target/timed_target.h"

namespace dynatlas::simulation {

// The target of a function, whose results are looked at on their way to the handler.
class WatchedTarget : public TimedTarget {
 public:
  WatchedTarget(World& world, std::unique_ptr<TimedTarget> target) : world_(world), target_(std::move(target)) {}

  Result<Applied> apply(std::span<const Change> changes) override;
  Result<void> park(std::span<const ParkedRecord> records) override;
  Result<void> drain() override { return target_->drain(); }
  Result<void> break_off() override { return target_->break_off(); }
  void end_by(Clock::Time time) override { target_->end_by(time); }
  Result<void> recall(const std::string& database, const DestinationOf& destination_of) override {
    return target_->recall(database, destination_of);
  }
  Result<void> settle_until(Clock::Time time) override { return target_->settle_until(time); }

 private:
  void judge(std::span<const Change> changes, const Applied& applied);

  World& world_;
  std::unique_ptr<TimedTarget> target_;
  bool refused_ = false;  // a change, for now
};

}  // namespace dynatlas::simulation
