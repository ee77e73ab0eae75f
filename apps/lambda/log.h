// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "pipeline/event_applier.h"

namespace dynatlas {

// Takes a line, without its end. Lambda passes what stands on standard output and error on to CloudWatch Logs.
using LineSink = std::function<void(const std::string& line)>;

// Lines of JSON, in the members that Lambda's own JSON format has: timestamp, level, requestId, message.
class Log {
 public:
  Log(Clock& clock, std::string function_name, LineSink sink)
      : clock_(clock), function_name_(std::move(function_name)), sink_(std::move(sink)) {}

  // What follows belongs to this request; empty: to none.
  void of_request(std::string id) { request_id_ = std::move(id); }

  void warn(std::string_view message) { write("WARN", message); }
  void error(std::string_view message) { write("ERROR", message); }

  // Metrics in CloudWatch's embedded metric format, by function, in the namespace `dynatlas`.
  // Source: CloudWatch User Guide, "Specification: Embedded metric format".
  void metrics(const EventSummary& summary, std::chrono::microseconds took);

 private:
  void write(std::string_view level, std::string_view message);

  Clock& clock_;
  std::string function_name_;
  LineSink sink_;
  std::string request_id_;
};

}  // namespace dynatlas
