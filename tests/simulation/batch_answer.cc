// SPDX-License-Identifier: Apache-2.0
#include "simulation/batch_answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

namespace dynatlas::simulation {

namespace {

// The sequence numbers that an answer names; nothing where Lambda takes the whole batch for failed.
std::optional<std::vector<std::string>> failures_in(const std::string& answer) {
  std::vector<std::string> failures;
  const nlohmann::json read = nlohmann::json::parse(answer, nullptr, false);
  if (read.is_null()) return failures;
  if (!read.is_object()) return std::nullopt;
  const auto list = read.find("batchItemFailures");
  if (list == read.end() || list->is_null()) return failures;
  for (const nlohmann::json& one : *list) {
    if (!one.is_object() || !one.contains("itemIdentifier") || !one["itemIdentifier"].is_string()) return std::nullopt;
    failures.push_back(one["itemIdentifier"]);
  }
  return failures;
}

}  // namespace

// A batch is in the order of its numbers.
std::size_t acknowledged_by(const std::string& answer, const Plan& plan, std::span<const std::size_t> batch) {
  const auto failures = failures_in(answer);
  if (!failures) return 0;
  std::size_t count = batch.size();
  for (const std::string& failure : *failures) {
    const auto from = std::find_if(batch.begin(), batch.end(),
                                   [&](std::size_t change) { return plan.history[change].sequence == failure; });
    if (from == batch.end()) return 0;
    count = std::min(count, static_cast<std::size_t>(from - batch.begin()));
  }
  return count;
}

}  // namespace dynatlas::simulation
