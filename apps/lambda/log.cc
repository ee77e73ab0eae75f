// SPDX-License-Identifier: Apache-2.0
#include "log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "aws/json_object.h"
#include "base/printable.h"
#include "base/time_text.h"

namespace dynatlas {

namespace {

std::int64_t milliseconds(Clock::Time time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

struct Metric {
  std::string_view name;
  std::string_view unit;
  double value;
};

}  // namespace

void Log::write(std::string_view level, std::string_view message) {
  const std::string request =
      request_id_.empty() ? "" : fmt::format(R"("requestId":{},)", json_quoted(printable(request_id_)));
  sink_(fmt::format(R"({{"timestamp":"{}","level":"{}",{}"message":{}}})",
                    format_rfc3339_milliseconds(milliseconds(clock_.now())), level, request,
                    json_quoted(printable(message))));
}

void Log::metrics(const EventSummary& summary, std::chrono::microseconds took) {
  const Clock::Time now = clock_.now();
  std::vector<Metric> metrics = {
      {"Upserted", "Count", static_cast<double>(summary.applied.upserted)},
      {"Removed", "Count", static_cast<double>(summary.applied.removed)},
      {"Stale", "Count", static_cast<double>(summary.applied.stale)},
      {"Parked", "Count", static_cast<double>(summary.parked)},
      {"BatchSeconds", "Seconds", std::chrono::duration<double>(took).count()},
  };
  if (summary.newest) {
    // AWS's clock may be ahead of this one.
    const auto lag = std::max<Clock::Time::duration>(now - Clock::Time(std::chrono::microseconds(*summary.newest)), {});
    metrics.push_back({"Lag", "Seconds", std::chrono::duration<double>(lag).count()});
  }
  std::string names;
  std::string values;
  for (const Metric& metric : metrics) {
    names += fmt::format(R"({}{{"Name":"{}","Unit":"{}"}})", names.empty() ? "" : ",", metric.name, metric.unit);
    values += fmt::format(R"(,"{}":{:.6g})", metric.name, metric.value);
  }
  sink_(fmt::format(
      R"({{"_aws":{{"Timestamp":{},"CloudWatchMetrics":[{{"Namespace":"dynatlas","Dimensions":[["FunctionName"]],"Metrics":[{}]}}]}},"FunctionName":{},"requestId":{}{}}})",
      milliseconds(now), names, json_quoted(function_name_), json_quoted(printable(request_id_)), values));
}

}  // namespace dynatlas
