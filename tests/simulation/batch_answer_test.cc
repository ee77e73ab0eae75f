// SPDX-License-Identifier: Apache-2.0
#include "simulation/batch_answer.h"

#include <gtest/gtest.h>

namespace dynatlas::simulation {
namespace {

// Of a batch of 9, 10 and 11, the last of which is an aggregated record of two changes.
std::size_t acknowledged(const std::string& answer) {
  Plan plan;
  plan.history.resize(4);
  for (const auto& [change, sequence] : {std::pair(0, "9"), {1, "10"}, {2, "11"}, {3, "11"}})
    plan.history[static_cast<std::size_t>(change)].sequence = sequence;
  return acknowledged_by(answer, plan, std::vector<std::size_t>{0, 1, 2, 3});
}

TEST(AcknowledgedBy, TakesNoFailureForSuccess) {
  for (const char* answer : {R"({"batchItemFailures":[]})", R"({"batchItemFailures":null})", "{}", "null"})
    EXPECT_EQ(acknowledged(answer), 4U) << answer;
}

TEST(AcknowledgedBy, CountsOnlyWhatIsBelowTheLowestNumber) {
  EXPECT_EQ(acknowledged(R"({"batchItemFailures":[{"itemIdentifier":"11"},{"itemIdentifier":"10"}]})"), 1U);
  EXPECT_EQ(acknowledged(R"({"batchItemFailures":[{"itemIdentifier":"11"}]})"), 2U);
  EXPECT_EQ(acknowledged(R"({"batchItemFailures":[{"itemIdentifier":"9"}]})"), 0U);
}

TEST(AcknowledgedBy, TakesWhatItDoesNotUnderstandForFailure) {
  for (const char* answer : {"", "[", R"({"batchItemFailures":[{"itemIdentifier":""}]})",
                             R"({"batchItemFailures":[{"itemIdentifier":null}]})",
                             R"({"batchItemFailures":[{"itemIdentifier":"11"},{"name":"9"}]})",
                             R"({"batchItemFailures":[{"itemIdentifier":"12"}]})", R"({"batchItemFailures":[7]})"})
    EXPECT_EQ(acknowledged(answer), 0U) << answer;
}

}  // namespace
}  // namespace dynatlas::simulation
