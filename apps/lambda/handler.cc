// SPDX-License-Identifier: Apache-2.0
#include "handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "aws/json_object.h"
#include "decode/lambda_event.h"
#include "pipeline/spare_time.h"

namespace dynatlas {

namespace {

// Kept from the deadline for the answer; of a short time a quarter.
constexpr std::chrono::milliseconds margin_max{3000};

Clock::Time end_of(const Invocation& invocation, Clock::Time now) {
  const auto left = std::max(invocation.deadline - now, std::chrono::microseconds(0));
  return invocation.deadline - std::min<std::chrono::microseconds>(margin_max, left / 4);
}

std::string response_of(const LambdaEvent& event, const std::optional<EventFailure>& failure) {
  const std::string state = event.window_state().empty() ? "" : fmt::format(R"("state":{},)", event.window_state());
  const std::string failed = failure ? fmt::format(R"({{"itemIdentifier":{}}})", json_quoted(failure->from)) : "";
  return fmt::format(R"({{{}"batchItemFailures":[{}]}})", state, failed);
}

tl::unexpected<InvocationError> failed(std::string type, const std::string& message) {
  return tl::unexpected(InvocationError{std::move(type), message});
}

}  // namespace

Handler::Handler(const Config& config, std::unique_ptr<TimedTarget> target, Clock& clock, Log& log)
    : applier_(config, clock), target_(std::move(target)), clock_(clock), log_(log) {}

Answer Handler::handle(Invocation invocation) {
  log_.of_request(invocation.id);
  const Clock::Time ends = end_of(invocation, clock_.now());
  const Result<LambdaEvent> event = LambdaEvent::read(std::move(invocation.event));
  if (!event) {
    log_.error(event.error().message);
    return failed("Function.InvalidEvent", event.error().message);
  }
  target_->end_by(ends);
  return event->kind() == LambdaEvent::Kind::scheduled ? settle(ends) : apply(*event, ends);
}

Answer Handler::apply(const LambdaEvent& event, Clock::Time ends) {
  const Clock::Time began = clock_.now();
  const EventSummary summary = applier_.apply(event, *target_, ends);
  tell(summary);
  log_.metrics(summary, clock_.now() - began);
  if (!summary.failure) {
    use_spare_time(ends);
    return response_of(event, std::nullopt);
  }
  if (summary.failure->from.empty()) return failed("Function.EventFailed", summary.failure->error.message);
  return response_of(event, summary.failure);
}

void Handler::tell(const EventSummary& summary) {
  for (const std::string& line : summary.told) log_.warn("parked " + line);
  if (summary.told.size() < summary.parked)
    log_.warn(fmt::format("parked {} more records", summary.parked - summary.told.size()));
  if (summary.applied.ties != 0) {
    log_.warn(
        fmt::format("{} times two different images of one item had equal times, and their sequence numbers decided; "
                    "the Kinesis destination's precision should be MICROSECOND",
                    summary.applied.ties));
  }
  if (!summary.failure) return;
  const std::string& from = summary.failure->from;
  log_.error(fmt::format("{}; {}", summary.failure->error.message,
                         from.empty() ? "the whole event comes again" : "it comes again from " + from));
}

void Handler::use_spare_time(Clock::Time ends) {
  const Result<void> settled = settle_in_spare_time(*target_, clock_.now(), ends);
  if (!settled) log_.warn("tombstones were not settled: " + settled.error().message);
}

// A process may know none of the collections that others wrote, and they write new ones between two ticks.
Result<void> Handler::recall_and_settle(Clock::Time ends) {
  RETURN_IF_ERROR(applier_.recall(*target_));
  return target_->settle_until(ends);
}

Answer Handler::settle(Clock::Time ends) {
  const Result<void> settled = recall_and_settle(ends);
  if (settled) return R"({"settled":true})";
  log_.error(settled.error().message);
  return failed("Function.TargetFailed", settled.error().message);
}

}  // namespace dynatlas
