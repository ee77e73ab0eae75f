// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "log.h"
#include "pipeline/event_applier.h"
#include "runtime_api.h"
#include "target/timed_target.h"

namespace dynatlas {

// Opens the target anew: its address or password may have changed.
using OpenTarget = std::function<Result<std::unique_ptr<TimedTarget>>()>;

// What an invocation is answered with: the response, or what went wrong with all of it.
using Answer = tl::expected<std::string, InvocationError>;

// Applies one event after the other to one target, which serves all of them (docs/lambda.md).
class Handler {
 public:
  // `reopen` is asked after the target failed; where it is empty the target stays. Configuration, clock and log outlive
  // the handler.
  Handler(const Config& config, std::unique_ptr<TimedTarget> target, OpenTarget reopen, Clock& clock, Log& log);

  // The answer comes some seconds before the invocation's deadline. What is not done then is named as failed.
  Answer handle(Invocation invocation);

 private:
  Result<void> reopen();
  void lose_target();
  Result<void> recall_and_settle(Clock::Time ends);
  Answer apply(const LambdaEvent& event, Clock::Time ends);
  Answer settle(Clock::Time ends);
  void settle_in_spare_time(Clock::Time ends);
  void tell(const EventSummary& summary);

  EventApplier applier_;
  std::unique_ptr<TimedTarget> target_;  // null after it failed
  bool recalled_ = false;                // by this target
  OpenTarget reopen_;
  Clock& clock_;
  Log& log_;
};

}  // namespace dynatlas
