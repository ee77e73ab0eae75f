// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replay_letters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/digest.h"
#include "target/dead_letter.h"

namespace dynatlas {

namespace {

using Texts = std::vector<std::string>;

class FixedClock : public Clock {
 public:
  Time now() override { return Time(std::chrono::seconds(1'720'740'233)); }
  void sleep(std::chrono::milliseconds /*duration*/) override {}
};

// Writes down what it is given.
class NotingTarget : public Target {
 public:
  Result<Applied> apply(std::span<const Change> changes) override {
    if (down) return fatal("is down");
    Applied applied;
    batches.push_back(changes.size());
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const std::string key(string_text(changes[i].key.value));
      if (key == refused) {
        applied.refused.push_back({i, "is refused", false});
        continue;
      }
      ++applied.upserted;
      keys.push_back(key);
    }
    return applied;
  }
  Result<void> park(std::span<const ParkedRecord> /*records*/) override { return {}; }
  Result<void> drain() override { return ends.emplace_back("drained"), Result<void>{}; }
  Result<void> break_off() override { return ends.emplace_back("broken off"), Result<void>{}; }

  bool down = false;
  std::string refused;
  std::vector<std::size_t> batches;
  Texts keys;
  Texts ends;
};

class LettersInMemory : public DeadLetters {
 public:
  Result<std::vector<StoredLetter>> page(const std::optional<std::string>& after) override {
    std::vector<StoredLetter> letters;
    for (auto at = after ? stored.upper_bound(*after) : stored.begin(); at != stored.end(); ++at) {
      if (letters.size() == static_cast<std::size_t>(dead_letters_page_max)) break;
      letters.push_back({at->first, at->second});
    }
    return letters;
  }
  Result<std::optional<StoredLetter>> find(const std::string& id) override {
    const auto found = stored.find(id);
    if (found == stored.end()) return std::optional<StoredLetter>();
    return StoredLetter{id, found->second};
  }
  Result<void> drop(std::span<const std::string> ids) override {
    if (cannot_drop) return fatal("cannot drop");
    for (const std::string& id : ids) stored.erase(id);
    return {};
  }
  Result<void> count_attempt(const std::string& id) override { return attempts.push_back(id), Result<void>{}; }
  Result<void> finish() override { return {}; }

  std::map<std::string, std::string> stored;
  bool cannot_drop = false;
  Texts attempts;
};

class ReplayLetters : public testing::Test {
 protected:
  // A Kinesis record of the key, parked just now.
  void park(const std::string& key) {
    ParkedRecord record;
    record.id = "files:" + key;
    record.table = "t";
    record.record = fmt::format(
        R"({{"eventName":"MODIFY","tableName":"t","dynamodb":{{"ApproximateCreationDateTime":1720740233012995,)"
        R"("Keys":{{"pk":{{"S":"{0}"}}}},"NewImage":{{"pk":{{"S":"{0}"}}}}}}}})",
        key);
    record.record_size = record.record.size();
    record.record_sha256 = sha256_hex(record.record);
    record.version = Version{1720740233012995, file_place(0, 0)};
    letters.stored[record.id] = dead_letter(record, std::nullopt, 1'720'740'233'000);
  }

  Result<void> replay(Texts ids = {}) {
    summary = {};
    const Config config = *Config::load({});
    return replay_letters(config, {std::move(ids), ""}, target, letters, clock, stop, summary);
  }

  Texts left() const {
    Texts ids;
    for (const auto& [id, unused] : letters.stored) ids.push_back(id);
    return ids;
  }

  NotingTarget target;
  LettersInMemory letters;
  FixedClock clock;
  std::atomic<bool> stop = false;
  LettersSummary summary;
};

TEST_F(ReplayLetters, GoPageByPageAndAreDropped) {
  Texts keys;
  for (int i = 0; i < 40; ++i) keys.push_back(fmt::format("{:02}", i));
  for (const std::string& key : keys) park(key);
  ASSERT_TRUE(replay());
  EXPECT_EQ(target.keys, keys);
  EXPECT_EQ(target.batches, (std::vector<std::size_t>{16, 16, 8}));
  EXPECT_EQ(summary.applied, 40U);
  EXPECT_EQ(left(), Texts{});
  EXPECT_EQ(target.ends, Texts{"drained"});
}

TEST_F(ReplayLetters, AreDroppedOnlyBehindTheWrite) {
  park("a");
  letters.cannot_drop = true;
  EXPECT_FALSE(replay());
  EXPECT_EQ(target.keys, Texts{"a"});
  EXPECT_EQ(left(), Texts{"files:a"});
  EXPECT_EQ(target.ends, Texts{"broken off"});
}

TEST_F(ReplayLetters, StayWhereTheTargetFails) {
  park("a");
  target.down = true;
  const auto replayed = replay();
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().message, "is down");
  EXPECT_EQ(left(), Texts{"files:a"});
  EXPECT_EQ(letters.attempts, Texts{}) << "the target's failure is none of the record's";
}

TEST_F(ReplayLetters, StayWhereTheTargetRefusesThem) {
  for (const char* key : {"a", "b", "c"}) park(key);
  target.refused = "b";
  ASSERT_TRUE(replay());
  EXPECT_EQ(target.keys, (Texts{"a", "c"}));
  EXPECT_EQ(left(), Texts{"files:b"});
  EXPECT_EQ(letters.attempts, Texts{"files:b"});
  EXPECT_EQ(summary.applied, 2U);
  EXPECT_EQ(summary.refused, 1U);
}

TEST_F(ReplayLetters, AreTheOnesThatWereAskedFor) {
  for (const char* key : {"a", "b", "c"}) park(key);
  ASSERT_TRUE(replay({"files:c", "files:none", "files:a", "files:c"}));
  EXPECT_EQ(target.keys, (Texts{"c", "a"}));
  EXPECT_EQ(left(), Texts{"files:b"});
  EXPECT_EQ(summary.missing, 1U);
}

TEST_F(ReplayLetters, StopWhereASignalSaysSo) {
  park("a");
  stop = true;
  const auto replayed = replay();
  ASSERT_FALSE(replayed);
  EXPECT_EQ(replayed.error().kind, ErrorKind::fatal);
  EXPECT_EQ(target.keys, Texts{});
  EXPECT_EQ(left(), Texts{"files:a"});
  EXPECT_EQ(target.ends, Texts{"broken off"});
}

}  // namespace

}  // namespace dynatlas
