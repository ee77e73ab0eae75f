// SPDX-License-Identifier: Apache-2.0
#include "pipeline/kcl_processor.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>

#include "support/fake_target.h"
#include "support/lambda_events.h"
#include "support/scripted_http.h"

namespace dynatlas {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

// Says its messages one after the other, and replies to checkpoints; then it closes.
class ScriptedDaemon : public KclDaemon {
 public:
  Result<Received> receive(std::chrono::milliseconds) override {
    if (asked_) return Received{Received::Kind::message, reply()};
    if (messages.empty()) return Received{};
    std::string line = std::move(messages.front());
    messages.pop_front();
    if (line == idle) return Received{Received::Kind::nothing_yet, {}};
    return Received{Received::Kind::message, std::move(line)};
  }

  Result<void> ask(const std::string& line) override {
    const auto asked = nlohmann::json::parse(line);
    EXPECT_EQ(asked.at("action"), "checkpoint");
    EXPECT_EQ(asked.size(), 3U);
    asked_ = line;
    const bool all = asked.at("sequenceNumber").is_null();
    said.push_back(all ? "checkpoint"
                       : fmt::format("checkpoint {}/{}", asked.at("sequenceNumber").get<std::string>(),
                                     asked.at("subSequenceNumber").get<int>()));
    return {};
  }

  Result<void> answer(const std::string& line) override {
    const auto answered = nlohmann::json::parse(line);
    EXPECT_EQ(answered.at("action"), "status");
    EXPECT_EQ(answered.size(), 2U);
    said.push_back(answered.at("responseFor"));
    return {};
  }

  static constexpr const char* idle = "idle";

  std::deque<std::string> messages;
  std::deque<std::string> errors;  // of the checkpoints to come; then none
  std::vector<std::string> said;   // to the daemon

 private:
  std::string reply() {
    auto text = nlohmann::json::parse(*std::exchange(asked_, std::nullopt));
    text["error"] = nullptr;
    if (!errors.empty()) {
      text["error"] = errors.front();
      errors.pop_front();
    }
    return text.dump();
  }

  std::optional<std::string> asked_;
};

// The processor owns its target, and drops it after a failure; the test's stays.
class LentTarget : public TimedTarget {
 public:
  explicit LentTarget(FakeTarget& target) : target_(target) {}
  Result<Applied> apply(std::span<const Change> changes) override { return target_.apply(changes); }
  Result<void> park(std::span<const ParkedRecord> records) override { return target_.park(records); }
  Result<void> drain() override { return target_.drain(); }
  Result<void> break_off() override { return target_.break_off(); }
  void end_by(Clock::Time time) override { target_.end_by(time); }
  Result<void> recall(const std::string& database, const DestinationOf& destination_of) override {
    return target_.recall(database, destination_of);
  }
  Result<void> settle_until(Clock::Time time) override { return target_.settle_until(time); }

 private:
  FakeTarget& target_;
};

// What happens while the processor waits.
class EventfulClock : public StandingClock {
 public:
  void sleep(std::chrono::milliseconds duration) override {
    StandingClock::sleep(duration);
    if (slept.size() == 100) throw std::runtime_error("waits without end");
    if (when_slept) when_slept();
  }

  std::function<void()> when_slept;
};

const std::string begin =
    R"({"action":"initialize","shardId":"shardId-000000000007","sequenceNumber":"TRIM_HORIZON","subSequenceNumber":0})";

std::string data_of(const std::string& element) { return nlohmann::json::parse(element).at("kinesis").at("data"); }

std::string upsert(const std::string& sequence, int sub_sequence = 0) {
  return fmt::format(
      R"({{"data":"{}","partitionKey":"p","sequenceNumber":"{}","approximateArrivalTimestamp":1,"subSequenceNumber":{},"action":"record"}})",
      data_of(kinesis_element(sequence)), sequence, sub_sequence);
}

std::string poison(const std::string& sequence) {
  return fmt::format(R"({{"data":"bm8=","partitionKey":"p","sequenceNumber":"{}","subSequenceNumber":0}})", sequence);
}

std::string records(const std::vector<std::string>& list) {
  return fmt::format(R"({{"action":"processRecords","records":[{}],"millisBehindLatest":0}})", fmt::join(list, ","));
}

class KclProcessorTest : public testing::Test {
 protected:
  KclProcessorTest() { configure({}); }

  void configure(std::vector<std::string> settings) {
    ConfigOptions options;
    options.settings = std::move(settings);
    options.settings.push_back(fmt::format("source.kinesis.stream={}", test_stream));
    auto loaded = Config::load(options);
    ASSERT_TRUE(loaded) << loaded.error().message;
    config = *std::move(loaded);
  }

  // Until the daemon closes: what was said to it.
  std::vector<std::string> serve(std::deque<std::string> messages) {
    daemon.messages = std::move(messages);
    daemon.messages.push_front(begin);
    daemon.said.clear();
    KclProcessor processor(config, open, daemon, clock, [this](const std::string& line) { told.push_back(line); });
    ended = processor.run();
    if (!daemon.said.empty() && daemon.said.front() == "initialize") daemon.said.erase(daemon.said.begin());
    return daemon.said;
  }

  // The server is away, until the processor has waited so often.
  void be_away(std::size_t waits) {
    target.down = retry("the server is away");
    clock.when_slept = [this, waits] {
      if (clock.slept.size() >= waits) target.down_after.reset();
    };
  }

  FakeTarget target;
  OpenTimedTarget open = [this]() -> Result<std::unique_ptr<TimedTarget>> {
    ++opened;
    if (!cannot_open.empty()) {
      const Error error = cannot_open.front();
      cannot_open.pop_front();
      return error;
    }
    return std::unique_ptr<TimedTarget>(std::make_unique<LentTarget>(target));
  };
  std::deque<Error> cannot_open;
  int opened = 0;
  ScriptedDaemon daemon;
  EventfulClock clock;
  Config config;
  std::vector<std::string> told;
  Result<void> ended;
};

TEST_F(KclProcessorTest, ChecksInOnlyWhatWasApplied) {
  EXPECT_THAT(serve({records({upsert("8"), upsert("9")}), records({upsert("10")})}),
              ElementsAre("checkpoint 9/0", "processRecords", "checkpoint 10/0", "processRecords"));
  EXPECT_TRUE(ended);
  EXPECT_THAT(target.batches, ElementsAre(ElementsAre("k0018", "k0019"), ElementsAre("k00210")));
  EXPECT_EQ(opened, 1);
  EXPECT_EQ(told.back(),
            "shardId-000000000007: read 3: upserted 3, removed 0, stale 0, coalesced 0, parked 0, filtered 0");
}

TEST_F(KclProcessorTest, AnswersMessagesWithoutRecords) {
  EXPECT_THAT(serve({records({})}), ElementsAre("processRecords"));
}

TEST_F(KclProcessorTest, EndsItsShardWithACheckpointAndALostLeaseWithout) {
  EXPECT_THAT(serve({R"({"action":"shardEnded"})"}), ElementsAre("checkpoint", "shardEnded"));
  EXPECT_THAT(serve({R"({"action":"leaseLost"})"}), ElementsAre("leaseLost"));
  EXPECT_THAT(serve({R"({"action":"shutdownRequested"})", R"({"action":"leaseLost"})"}),
              ElementsAre("checkpoint", "shutdownRequested", "leaseLost"));
  EXPECT_TRUE(ended);
}

TEST_F(KclProcessorTest, KnowsTheReasonsOfVersion1) {
  const auto answers = [this](const std::string& reason) {
    return serve({fmt::format(R"({{"action":"shutdown","reason":"{}"}})", reason)});
  };
  for (const char* reason : {"TERMINATE", "SHARD_END", "REQUESTED"})
    EXPECT_THAT(answers(reason), ElementsAre("checkpoint", "shutdown"));
  for (const char* reason : {"ZOMBIE", "LEASE_LOST"}) EXPECT_THAT(answers(reason), ElementsAre("shutdown"));
  EXPECT_THAT(answers("OTHER"), ElementsAre());
  EXPECT_THAT(ended.error().message, HasSubstr("`OTHER`"));
}

TEST_F(KclProcessorTest, ParksPoisonUnderItsPlaceAsTheLambdaFunctionDoes) {
  EXPECT_THAT(serve({records({upsert("8"), poison("9"), upsert("10")})}),
              ElementsAre("checkpoint 10/0", "processRecords"));
  ASSERT_EQ(target.parked.size(), 1U);
  EXPECT_EQ(target.parked[0].id, std::string(test_stream) + ":shardId-000000000007:9");
  EXPECT_EQ(target.parked[0].form, "lambda");
  EXPECT_THAT(told.front(), HasSubstr("parked " + target.parked[0].id));
}

TEST_F(KclProcessorTest, KeepsWhatIsDoneAndTriesTheRestAgainWithoutEnd) {
  target.down_after = 1;  // 8 is applied before 9 is parked
  be_away(5);
  EXPECT_THAT(serve({records({upsert("8"), poison("9"), upsert("10")})}),
              ElementsAre("checkpoint 9/0", "checkpoint 10/0", "processRecords"));
  EXPECT_THAT(target.batches, ElementsAre(ElementsAre("k0018"), ElementsAre("k00210")));
  EXPECT_EQ(target.parked.size(), 1U);
  EXPECT_EQ(opened, 6);  // the server is looked for anew each time
  EXPECT_EQ(clock.slept.size(), 5U);
  EXPECT_THAT(told[1], HasSubstr("shardId-000000000007: the server is away; trying again in "));
}

TEST_F(KclProcessorTest, WaitsLongerEachTimeAndNoLongerThanHalfAMinute) {
  target.down_after = 0;
  be_away(12);
  serve({records({upsert("8")})});
  EXPECT_LE(clock.slept.front(), std::chrono::milliseconds(500));
  EXPECT_GE(clock.slept.back(), seconds(15));
  EXPECT_LE(clock.slept.back(), seconds(30));
}

TEST_F(KclProcessorTest, WaitsForAServerThatIsAwayAtTheStart) {
  cannot_open = {retry("nobody listens"), retry("nobody listens")};
  EXPECT_THAT(serve({records({upsert("8")})}), ElementsAre("checkpoint 8/0", "processRecords"));
  EXPECT_EQ(clock.slept.size(), 2U);
}

TEST_F(KclProcessorTest, AnswersNothingMoreWhereAPersonMustAct) {
  cannot_open = {fatal("wrong password")};
  EXPECT_THAT(serve({records({upsert("8")})}), ElementsAre());
  EXPECT_EQ(ended.error().message, "wrong password");
  target.down_after = 1;
  EXPECT_THAT(serve({records({upsert("8"), poison("9"), upsert("10")})}), ElementsAre("checkpoint 9/0"));
  EXPECT_EQ(ended.error().kind, ErrorKind::fatal);
}

TEST_F(KclProcessorTest, StopsAtTheBrakeWithoutACheckpoint) {
  configure({"limits.parked_in_a_row=2"});
  EXPECT_THAT(serve({records({upsert("8"), poison("9"), poison("10"), upsert("11")})}), ElementsAre());
  EXPECT_THAT(ended.error().message, HasSubstr("limits.parked_in_a_row"));
}

TEST_F(KclProcessorTest, TriesACheckpointAgainThatMayPass) {
  daemon.errors = {"ThrottlingException", "KinesisClientLibDependencyException"};
  EXPECT_THAT(serve({records({upsert("8")})}),
              ElementsAre("checkpoint 8/0", "checkpoint 8/0", "checkpoint 8/0", "processRecords"));
  EXPECT_EQ(clock.slept.size(), 2U);
}

TEST_F(KclProcessorTest, GoesOnWithoutACheckpointButNotPastTheEndOfTheShard) {
  daemon.errors.assign(50, "ThrottlingException");
  const auto said = serve({records({upsert("8")}), R"({"action":"shardEnded"})"});
  const auto answered = std::find(said.begin(), said.end(), "processRecords");
  EXPECT_LT(answered - said.begin(), 12);
  EXPECT_EQ(std::count(answered, said.end(), "checkpoint"), 51 - (answered - said.begin()));
  EXPECT_EQ(said.back(), "shardEnded");
  EXPECT_TRUE(ended);
}

TEST_F(KclProcessorTest, DoesNotMakeADaemonWaitThatStops) {
  daemon.errors.assign(50, "ThrottlingException");
  const Clock::Time began = clock.time;
  EXPECT_EQ(serve({R"({"action":"shutdownRequested"})"}).back(), "shutdownRequested");
  EXPECT_LT(clock.time - began, seconds(10));
}

TEST_F(KclProcessorTest, StopsWorkOnceTheLeaseIsLost) {
  daemon.errors = {"ShutdownException"};
  target.down_after = 1;
  EXPECT_THAT(serve({records({upsert("8"), poison("9"), upsert("10")}), records({upsert("11")}),
                     R"({"action":"shutdownRequested"})", R"({"action":"leaseLost"})"}),
              ElementsAre("checkpoint 9/0", "processRecords", "processRecords", "shutdownRequested", "leaseLost"));
  EXPECT_THAT(target.batches, ElementsAre(ElementsAre("k0018")));
  EXPECT_TRUE(clock.slept.empty());
  EXPECT_TRUE(ended);
}

TEST_F(KclProcessorTest, StopsWhereTheLeaseTableIsGone) {
  for (const char* error : {"InvalidStateException", "IllegalArgumentException"}) {
    daemon.errors = {error};
    EXPECT_THAT(serve({records({upsert("8")})}), ElementsAre("checkpoint 8/0"));
    EXPECT_EQ(ended.error().kind, ErrorKind::fatal);
    EXPECT_THAT(ended.error().message, HasSubstr(error));
  }
}

TEST_F(KclProcessorTest, TakesThePartsOfAnAggregatedRecordTogether) {
  target.down_after = 1;
  be_away(1);
  // The poison is parked behind the first batch, and the parts of 10 fail.
  EXPECT_THAT(serve({records({upsert("8"), poison("9"), upsert("10", 0), upsert("10", 1)})}),
              ElementsAre("checkpoint 9/0", "checkpoint 10/1", "processRecords"));
  EXPECT_EQ(target.batches.back().size(), 2U);
}

TEST_F(KclProcessorTest, CutsLargeMessages) {
  std::vector<std::string> many;
  for (int i = 10'000; i < 20'001; ++i) many.push_back(poison(std::to_string(i)));
  configure({"limits.parked_in_a_row=0"});
  EXPECT_THAT(serve({records(many)}), ElementsAre("checkpoint 20000/0", "processRecords"));
  EXPECT_EQ(target.parked.size(), 10'001U);
}

TEST_F(KclProcessorTest, SettlesBetweenMessagesAndWhileNoneComes) {
  const Clock::Time now = clock.time;
  serve({records({upsert("8")}), ScriptedDaemon::idle});
  EXPECT_THAT(target.settled_until, ElementsAre(now + std::chrono::milliseconds(50), now + seconds(1)));
  EXPECT_THAT(target.ends, ElementsAre(now + seconds(60), now + seconds(1), now + seconds(60)));
  EXPECT_THAT(target.recalled,
              ElementsAre("dynamodb.t", "dynamodb.no table is nobody's"));  // what earlier processes left
  serve({ScriptedDaemon::idle, ScriptedDaemon::idle});
  EXPECT_EQ(target.recalled.size(), 4U);  // once a process
  target.cannot_settle = true;
  EXPECT_THAT(serve({ScriptedDaemon::idle}), ElementsAre());
  EXPECT_TRUE(ended);
}

TEST_F(KclProcessorTest, RefusesWhatADaemonDoesNotSay) {
  EXPECT_THAT(serve({begin}), ElementsAre());
  EXPECT_THAT(ended.error().message, HasSubstr("sent `initialize` after"));
  EXPECT_THAT(serve({R"({"action":"checkpoint","error":null})"}), ElementsAre());
  EXPECT_FALSE(ended);
  EXPECT_THAT(serve({R"({"action":"sing"})"}), ElementsAre());
  EXPECT_THAT(ended.error().message, HasSubstr("`sing`"));
}

}  // namespace
}  // namespace dynatlas
