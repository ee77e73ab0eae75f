// SPDX-License-Identifier: Apache-2.0
#include "pipeline/waiting_changes.h"

#include <gtest/gtest.h>

#include <map>

namespace dynatlas {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TestClock : public Clock {
 public:
  Time now() override { return now_; }
  void sleep(milliseconds duration) override { now_ += duration; }

 private:
  Time now_{};
};

// Refuses the changes of some keys; takes the others.
class PickyTarget : public Target {
 public:
  Result<Applied> apply(std::span<const Change> changes) override {
    ++calls;
    if (down) return fatal("is down");
    Applied applied;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const auto found = refused.find(changes[i].key.value);
      if (found == refused.end()) {
        ++applied.upserted;
      } else {
        applied.refused.push_back({i, "refused " + changes[i].key.value, found->second});
      }
    }
    return applied;
  }
  Result<void> park(std::span<const ParkedRecord> /*records*/) override { return {}; }
  Result<void> drain() override { return {}; }
  Result<void> break_off() override { return {}; }

  std::map<std::string, bool> refused;  // the key, and whether for now
  bool down = false;
  int calls = 0;
};

class WaitingChangesTest : public testing::Test {
 protected:
  void add(const std::string& key) {
    Change change;
    change.destination = &destination;
    change.key = {BsonType::string, key};
    change.version = Version{10, "k0011"};
    waiting.add(std::move(change), {"t", "in.ndjson", 3, "{raw}", "item", false}, "taken");
  }

  WaitingChanges::Round try_again() {
    auto round = waiting.try_again(target);
    EXPECT_TRUE(round);
    return round ? *std::move(round) : WaitingChanges::Round();
  }

  TestClock clock;
  WaitingChanges waiting{clock};
  PickyTarget target;
  TableRules rules;
  Destination destination{"shop", "customers", &rules};
};

TEST_F(WaitingChangesTest, AsksNobodyBeforeItIsTime) {
  add("a");
  EXPECT_EQ(try_again().applied.upserted, 0U);
  EXPECT_EQ(target.calls, 0);
  waiting.wait();
  EXPECT_EQ(try_again().applied.upserted, 1U);
  EXPECT_TRUE(waiting.empty());
  EXPECT_EQ(try_again().applied.upserted, 0U);
  EXPECT_EQ(target.calls, 1);
}

TEST_F(WaitingChangesTest, LetsGoWhatIsFreeAndKeepsTheRest) {
  target.refused = {{"a", true}};
  add("a");
  add("b");
  waiting.wait();
  const auto round = try_again();
  EXPECT_EQ(round.applied.upserted, 1U);
  EXPECT_TRUE(round.applied.refused.empty());
  EXPECT_TRUE(round.parked.empty());
  EXPECT_EQ(waiting.size(), 1U);
  target.refused.clear();
  waiting.wait();
  EXPECT_EQ(try_again().applied.upserted, 1U);
  EXPECT_TRUE(waiting.empty());
}

TEST_F(WaitingChangesTest, RefusesAfterHalfAMinuteWithEverythingThatIsKnown) {
  target.refused = {{"a", true}};
  add("a");
  const Clock::Time since = clock.now();
  std::vector<ParkedRecord> parked;
  while (parked.empty()) {
    ASSERT_LT(clock.now() - since, seconds(40));
    waiting.wait();
    parked = try_again().parked;
  }
  EXPECT_GE(clock.now() - since, seconds(30));
  EXPECT_LT(target.calls, 20) << "the pauses grow";
  EXPECT_TRUE(waiting.empty());
  ASSERT_EQ(parked.size(), 1U);
  EXPECT_EQ(parked[0].table, "t");
  EXPECT_EQ(parked[0].to, "shop.customers");
  EXPECT_EQ(parked[0].destination, &destination);
  EXPECT_EQ(parked[0].key->value, "a");
  EXPECT_EQ(parked[0].version->t, 10);
  EXPECT_EQ(parked[0].position, "in.ndjson: record 3");
  EXPECT_EQ(parked[0].cause, "refused a");
  EXPECT_EQ(parked[0].record, "{raw}");
  EXPECT_EQ(parked[0].record_size, 5U);
  EXPECT_EQ(parked[0].id, "files:" + parked[0].record_sha256 + ":t");
}

TEST_F(WaitingChangesTest, RefusesAtOnceWhatWillNeverBeTaken) {
  target.refused = {{"a", false}};
  add("a");
  waiting.wait();
  EXPECT_EQ(try_again().parked.size(), 1U);
  EXPECT_TRUE(waiting.empty());
}

TEST_F(WaitingChangesTest, KeepsEverythingWhereTheTargetFails) {
  target.down = true;
  add("a");
  waiting.wait();
  EXPECT_FALSE(waiting.try_again(target));
  EXPECT_EQ(waiting.size(), 1U);
}

TEST_F(WaitingChangesTest, IsFullOfMuchThatWaits) {
  target.refused = {{"a", true}};
  add("a");
  EXPECT_FALSE(waiting.full());
  Change change;
  change.destination = &destination;
  change.key = {BsonType::string, "b"};
  change.document.assign(std::size_t{17} * 1024 * 1024, 'x');
  waiting.add(std::move(change), {}, "taken");
  EXPECT_TRUE(waiting.full());
  waiting.wait();
  EXPECT_EQ(try_again().applied.upserted, 1U);
  EXPECT_FALSE(waiting.full());
}

}  // namespace

}  // namespace dynatlas
