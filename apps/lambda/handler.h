// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "log.h"
#include "pipeline/event_applier.h"
#include "runtime_api.h"
#include "target/timed_target.h"

namespace dynatlas {

// What an invocation is answered with: the response, or what went wrong with all of it.
using Answer = tl::expected<std::string, InvocationError>;

// Applies one event after the other to one target, which serves all of them (docs/lambda.md).
class Handler {
 public:
  // Configuration, clock and log outlive the handler.
  Handler(const Config& config, std::unique_ptr<TimedTarget> target, Clock& clock, Log& log);

  // The answer comes some seconds before the invocation's deadline. What is not done then is named as failed.
  Answer handle(Invocation invocation);

  // Says good-bye to the target. Nothing is handled after that.
  void close() { target_ = nullptr; }

 private:
  Result<void> recall_and_settle(Clock::Time ends);
  Answer apply(const LambdaEvent& event, Clock::Time ends);
  Answer settle(Clock::Time ends);
  void use_spare_time(Clock::Time ends);
  void tell(const EventSummary& summary);

  EventApplier applier_;
  std::unique_ptr<TimedTarget> target_;
  Clock& clock_;
  Log& log_;
};

}  // namespace dynatlas
