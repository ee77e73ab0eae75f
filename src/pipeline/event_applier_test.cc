// SPDX-License-Identifier: Apache-2.0
#include "pipeline/event_applier.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/aggregate.h"
#include "support/fake_target.h"
#include "support/lambda_events.h"
#include "support/scripted_http.h"

namespace dynatlas {
namespace {

using std::chrono::seconds;

class EventApplierTest : public testing::Test {
 protected:
  // Given to one applier, as all events of a process are.
  EventSummary apply(const std::vector<std::string>& elements) {
    const auto event = LambdaEvent::read(event_of(elements));
    EXPECT_TRUE(event);
    return applier->apply(*event, target, clock.time + seconds(20));
  }

  void configure(const std::vector<std::string>& settings) {
    ConfigOptions options;
    options.settings = settings;
    auto loaded = Config::load(options);
    ASSERT_TRUE(loaded) << loaded.error().message;
    config = *std::move(loaded);
    applier.emplace(config, clock);
  }

  void SetUp() override { configure({}); }

  // Delivers an event of upserts of 1 to `count`, and what comes again as often as it does; returns how often.
  int deliver(int count, TimedTarget& to) {
    int from_number = 1;
    for (int delivery = 1; delivery < 100; ++delivery) {
      std::vector<std::string> elements;
      for (int n = from_number; n <= count; ++n)
        elements.push_back(kinesis_element(std::to_string(n), fmt::format("{}", n)));
      const auto event = LambdaEvent::read(event_of(elements));
      EXPECT_TRUE(event);
      const Clock::Time ends = clock.time + seconds(20);
      to.end_by(ends);
      const EventSummary summary = applier->apply(*event, to, ends);
      if (!summary.failure) return delivery;
      from_number = std::stoi(summary.failure->from);
    }
    return 100;
  }

  static std::string from(const EventSummary& summary) { return summary.failure ? summary.failure->from : "none"; }

  StandingClock clock;
  FakeTarget target;
  Config config;
  std::optional<EventApplier> applier;
};

TEST_F(EventApplierTest, GivesAnEventToItsTargetInOneBatch) {
  const EventSummary summary = apply({kinesis_element("8", "a"), kinesis_element("9", "b", "1772442002", "u")});
  EXPECT_FALSE(summary.failure);
  EXPECT_EQ(summary.applied.upserted, 2U);
  EXPECT_EQ(summary.read, 2U);
  EXPECT_EQ(summary.newest, 1'772'442'002'000'000);
  EXPECT_EQ(target.batches, (std::vector<std::vector<std::string>>{{"k0018", "k0019"}}));
}

TEST_F(EventApplierTest, DoesNothingForAnEmptyEvent) {
  EXPECT_FALSE(apply({}).failure);
  EXPECT_TRUE(target.batches.empty());
}

TEST_F(EventApplierTest, FailsFromTheLowestNumberWhenTheTargetDoes) {
  target.down_after = 0;
  const EventSummary summary = apply({kinesis_element("10"), kinesis_element("9"), kinesis_element("11")});
  EXPECT_EQ(from(summary), "9");  // by number: as texts 10 comes first
  EXPECT_TRUE(summary.failure->of_target);
  EXPECT_EQ(summary.read, 0U);
}

TEST_F(EventApplierTest, KeepsWhatWasAcknowledgedBeforeAFailure) {
  target.down_after = 1;
  const EventSummary summary = apply({kinesis_element("8"), poison_element("9"), kinesis_element("10")});
  EXPECT_EQ(from(summary), "10");  // 8 was applied before 9 was parked
  EXPECT_EQ(target.parked.size(), 1U);
}

TEST_F(EventApplierTest, ParksPoisonUnderItsPlaceInTheStream) {
  const std::string poison = poison_element("9");
  const EventSummary summary = apply({kinesis_element("8"), poison, kinesis_element("10")});
  EXPECT_FALSE(summary.failure);
  EXPECT_EQ(summary.parked, 1U);
  EXPECT_EQ(summary.read, 3U);
  ASSERT_EQ(target.parked.size(), 1U);
  const ParkedRecord& parked = target.parked[0];
  EXPECT_EQ(parked.id, std::string(test_stream) + ":shardId-000000000007:9");
  EXPECT_EQ(parked.position, parked.id);
  EXPECT_EQ(parked.form, "lambda");
  EXPECT_EQ(parked.record, poison);
  EXPECT_EQ(summary.told, (std::vector{parked.position + ": " + parked.cause}));
}

TEST_F(EventApplierTest, AppliesWhatIsInsideOfAggregatedRecords) {
  const std::string aggregated =
      kinesis_element_of("9", aggregate_of({change_of("a"), change_of("b"), "no JSON", change_of("a")}));
  const EventSummary summary = apply({kinesis_element("8", "c"), aggregated});
  EXPECT_FALSE(summary.failure);
  EXPECT_EQ(summary.read, 5U);
  EXPECT_EQ(target.batches,
            (std::vector<std::vector<std::string>>{{"k0018", "k0019", "k0019.00000001"}, {"k0019.00000003"}}));
  ASSERT_EQ(target.parked.size(), 1U);
  EXPECT_EQ(target.parked[0].id, std::string(test_stream) + ":shardId-000000000007:9:2");
  EXPECT_EQ(target.parked[0].record.find(aggregated), std::string::npos);  // its own text alone
  target.cannot_park = true;
  EXPECT_EQ(from(apply({kinesis_element("8", "c"), aggregated})), "9");  // Lambda knows nothing of what is inside
}

TEST_F(EventApplierTest, ParksWhatTheTargetRefusesUnderThePlaceToo) {
  target.refused = {{"k0018", false}};
  const EventSummary summary = apply({kinesis_element("8"), kinesis_element("9")});
  EXPECT_FALSE(summary.failure);
  ASSERT_EQ(target.parked.size(), 1U);
  EXPECT_EQ(target.parked[0].id, std::string(test_stream) + ":shardId-000000000007:8");
  EXPECT_EQ(target.parked[0].record, kinesis_element("8"));
  EXPECT_EQ(target.parked[0].to, "dynamodb.t");
  EXPECT_TRUE(target.parked[0].version);
}

TEST_F(EventApplierTest, FailsFromTheRecordThatCannotBeParked) {
  target.cannot_park = true;
  EXPECT_EQ(from(apply({kinesis_element("8"), poison_element("9"), kinesis_element("10")})), "9");
}

TEST_F(EventApplierTest, WaitsForAUniqueIndexOnlyUntilTheEnd) {
  target.refused = {{"k0019", true}};
  const Clock::Time began = clock.time;
  const EventSummary summary = apply({kinesis_element("8"), kinesis_element("9"), kinesis_element("10", "b")});
  EXPECT_EQ(from(summary), "9");
  EXPECT_FALSE(summary.failure->of_target);
  EXPECT_EQ(clock.time - began, seconds(20));
  EXPECT_TRUE(target.parked.empty());
  target.refused.clear();
  EXPECT_FALSE(apply({kinesis_element("9")}).failure);
  EXPECT_EQ(target.batches.back(), (std::vector<std::string>{"k0019"}));  // nothing of the event before waits
}

TEST_F(EventApplierTest, ParksWhatAUniqueIndexRefusesFor30Seconds) {
  target.refused = {{"k0019", true}};
  const auto event = LambdaEvent::read(event_of({kinesis_element("8"), kinesis_element("9")}));
  ASSERT_TRUE(event);
  const EventSummary summary = applier->apply(*event, target, clock.time + seconds(60));
  EXPECT_FALSE(summary.failure);
  EXPECT_EQ(summary.parked, 1U);
  EXPECT_EQ(target.parked.size(), 1U);
}

TEST_F(EventApplierTest, FailsAllOfAnEventThatHasARecordWithoutANumber) {
  target.down_after = 0;
  const EventSummary summary = apply({kinesis_element("8"), kinesis_element("")});
  ASSERT_TRUE(summary.failure);
  EXPECT_EQ(summary.failure->from, "");
}

TEST_F(EventApplierTest, ParksARecordWithoutANumberByItsBytes) {
  EXPECT_FALSE(apply({kinesis_element("")}).failure);
  ASSERT_EQ(target.parked.size(), 1U);
  EXPECT_EQ(target.parked[0].id, "lambda:" + target.parked[0].record_sha256);
}

TEST_F(EventApplierTest, BrakesAcrossEventsAndStaysBraked) {
  configure({"limits.parked_in_a_row=3"});
  EXPECT_FALSE(apply({poison_element("1"), poison_element("2")}).failure);
  for (int delivery = 0; delivery < 3; ++delivery) {
    const EventSummary summary = apply({poison_element("3"), poison_element("4")});
    EXPECT_EQ(from(summary), "3");  // all of it, though 3 was parked
    EXPECT_EQ(target.parked.back().id, std::string(test_stream) + ":shardId-000000000007:3");
  }
  EXPECT_FALSE(apply({kinesis_element("5"), poison_element("6")}).failure);  // what can be applied releases it
}

TEST_F(EventApplierTest, CountsForTheBrakeWhatIsDoneAndNotWhatComesAgain) {
  configure({"limits.parked_in_a_row=3"});
  target.refused = {{"k0012", true}};  // waits for a unique index
  for (int delivery = 0; delivery < 5; ++delivery)
    EXPECT_EQ(from(apply({kinesis_element("2"), poison_element("3"), poison_element("4")})), "2");
  target.refused.clear();
  target.down_after = target.batches.size();
  EXPECT_EQ(from(apply({poison_element("5"), kinesis_element("6")})), "6");  // 5 does not come again
  EXPECT_EQ(from(apply({poison_element("6"), kinesis_element("7")})), "7");
  EXPECT_EQ(from(apply({poison_element("7"), kinesis_element("8")})), "7");
}

TEST_F(EventApplierTest, LeavesOutWhatDynamodbExpired) {
  configure({"tables.*.ttl_deletes=skip"});
  const EventSummary summary = apply({kinesis_element_of(
      "8",
      R"({"eventName":"REMOVE","tableName":"t","userIdentity":{"type":"Service","principalId":"dynamodb.amazonaws.com"},"dynamodb":{"ApproximateCreationDateTime":1772442001000000,"ApproximateCreationDateTimePrecision":"MICROSECOND","Keys":{"pk":{"S":"a"}}}})")});
  EXPECT_FALSE(summary.failure);
  EXPECT_EQ(summary.filtered, 1U);
  EXPECT_TRUE(target.batches.empty());
}

// Takes time for each change, and none where it has not enough for all: as a server that is slow.
class SlowTarget : public FakeTarget {
 public:
  SlowTarget(StandingClock& clock, std::chrono::milliseconds each) : clock_(clock), each_(each) {}

  Result<Applied> apply(std::span<const Change> changes) override {
    const Clock::Time done = clock_.time + each_ * changes.size();
    clock_.time = std::min(done, ends.back());
    if (done > ends.back()) return retry("the time is over");
    return FakeTarget::apply(changes);
  }

 private:
  StandingClock& clock_;
  std::chrono::milliseconds each_;
};

TEST_F(EventApplierTest, GetsFurtherWithEachDeliveryHoweverSlowItsTargetIs) {
  SlowTarget slow(clock, std::chrono::milliseconds(10));  // 60 s of work, and 20 s for each delivery
  EXPECT_LE(deliver(6000, slow), 8);
  SlowTarget crawling(clock, seconds(15));
  EXPECT_LE(deliver(3, crawling), 12);
  SlowTarget quick(clock, std::chrono::milliseconds(1));
  EXPECT_EQ(deliver(4000, quick), 1);
  quick.batches.clear();
  EXPECT_EQ(deliver(4000, quick), 1);
  EXPECT_EQ(quick.batches.size(), 1U);  // at once again
}

TEST_F(EventApplierTest, WritesIntoNoCollectionOfItsOwn) {
  for (const char* table : {"dynatlas.dead_letters", "dynatlas.tombstones.t", "system.views"}) {
    const EventSummary summary = apply({kinesis_element("8"), kinesis_element("9", "b", "1772442002", table)});
    ASSERT_TRUE(summary.failure);
    EXPECT_EQ(summary.failure->error.kind, ErrorKind::fatal);
    EXPECT_NE(summary.failure->error.message.find(table), std::string::npos) << summary.failure->error.message;
  }
  EXPECT_TRUE(target.batches.empty());
  EXPECT_TRUE(target.parked.empty());
}

TEST_F(EventApplierTest, LeavesACollectionToTheTableThatTheConfigurationGivesIt) {
  configure({"tables=[{table: v2, to: dynamodb.t}]"});
  EXPECT_EQ(from(apply({kinesis_element("8", "a", "1772442001", "t")})), "8");
  EXPECT_FALSE(apply({kinesis_element("9", "a", "1772442001", "v2")}).failure);
}

std::string change_with(const std::string& members) {
  return R"({"eventName":"INSERT","tableName":"t","recordFormat":"application/json",)" +
         (R"("dynamodb":{"ApproximateCreationDateTime":1772442001000000,"ApproximateCreationDateTimePrecision":)"
          R"("MICROSECOND",)" +
          members + "}}");
}

TEST_F(EventApplierTest, FailsWhereNobodyGaveTheOrderOfAKey) {
  const std::string two =
      change_with(R"("Keys":{"a":{"S":"1"},"b":{"S":"2"}},"NewImage":{"a":{"S":"1"},"b":{"S":"2"}})");
  const EventSummary summary = apply({kinesis_element("8"), kinesis_element_of("9", two), kinesis_element("10")});
  EXPECT_EQ(from(summary), "9");
  EXPECT_EQ(summary.failure->error.kind, ErrorKind::fatal);
  EXPECT_EQ(summary.failure->error.message.rfind("table `t`, ", 0), 0U) << summary.failure->error.message;
  EXPECT_TRUE(target.parked.empty());
  configure({"tables=[{table: t, key: [b, a]}]"});
  EXPECT_FALSE(apply({kinesis_element_of("9", two)}).failure);
}

TEST_F(EventApplierTest, ParksWhatDynamodbDoesNotWriteToKinesis) {
  const std::string key(9000, 'k');
  for (const std::string& strange :
       {change_with(R"("Keys":{"pk":{"S":"a"}})"), change_with(R"("Keys":{"pk":{"S":"a"}},"NewImage":null)"),
        change_with(R"("Keys":{"pk":{"S":")" + key + R"("}},"NewImage":{"pk":{"S":")" + key + R"("}})"),
        change_of("a", "1772442001", ""), aggregate_of(std::vector<std::string>(70'000))}) {
    target.parked.clear();
    EXPECT_FALSE(apply({kinesis_element_of("8", strange)}).failure) << strange.substr(0, 300);
    ASSERT_EQ(target.parked.size(), 1U) << strange.substr(0, 300);
    EXPECT_LE(target.parked[0].key.value_or(StoredKey{}).value.size(), 100U);
  }
  EXPECT_EQ(target.parked[0].id, std::string(test_stream) + ":shardId-000000000007:8");  // as a whole
}

TEST_F(EventApplierTest, FailsWhereTwoTablesHaveOneTarget) {
  configure({"tables=[{table: '*', to: shop.all}]"});
  const EventSummary summary = apply({kinesis_element("8"), kinesis_element("9", "b", "1772442002", "u")});
  EXPECT_EQ(from(summary), "8");
  EXPECT_FALSE(summary.failure->of_target);
}

}  // namespace
}  // namespace dynatlas
