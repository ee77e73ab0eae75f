// SPDX-License-Identifier: Apache-2.0
#include "target/coalesce.h"

#include <gmock/gmock.h>

#include "support/target_contract.h"

namespace dynatlas {

namespace {

using testing::ElementsAre;

class Coalesce : public testing::Test {
 protected:
  Change change(std::string_view key, const std::optional<Version>& version, const std::string& document = "1") const {
    Change made;
    made.destination = &destination;
    made.key = key_of(key);
    made.version = version;
    made.kind = !version || version->s.empty() ? "" : version->s[0] == 'd' ? version->s.substr(0, 9) : "timed";
    made.document = document;
    return made;
  }

  Change removal(std::string_view key, const Version& version) const {
    Change made = change(key, version, "");
    made.operation = Record::Operation::remove;
    return made;
  }

  // Where the chosen changes stand in the batch, in the order in which they are to be applied.
  std::vector<std::size_t> chosen(const std::vector<Change>& batch) {
    applied = {};
    std::vector<std::size_t> places;
    for (const Change* change : coalesce(batch, applied))
      places.push_back(static_cast<std::size_t>(change - batch.data()));
    EXPECT_EQ(places.size() + applied.coalesced, batch.size());
    return places;
  }

  TableRules rules;
  Destination destination{"shop", "customers", &rules};
  Applied applied;
};

TEST_F(Coalesce, TakesNothingFromNothing) { EXPECT_THAT(chosen({}), ElementsAre()); }

TEST_F(Coalesce, TakesTheNewestOfAKeyWhereverItStands) {
  EXPECT_THAT(chosen({change("1", kinesis(3)), change("1", kinesis(2)), change("1", kinesis(1))}), ElementsAre(0));
  EXPECT_THAT(chosen({change("1", kinesis(1)), change("1", kinesis(3)), change("1", kinesis(2))}), ElementsAre(1));
  EXPECT_THAT(chosen({change("1", kinesis(1)), change("1", kinesis(2)), removal("1", kinesis(3))}), ElementsAre(2));
}

TEST_F(Coalesce, TakesTheFirstOfRepeats) {
  EXPECT_THAT(chosen({change("1", kinesis(1)), change("1", kinesis(1))}), ElementsAre(0));
}

TEST_F(Coalesce, PutsRemovesBeforeUpsertsEachInTheOrderOfKeys) {
  EXPECT_THAT(
      chosen({change("4", kinesis(1)), removal("3", kinesis(1)), change("2", kinesis(1)), removal("1", kinesis(1))}),
      ElementsAre(3, 1, 2, 0));
}

TEST_F(Coalesce, TakesTheFirstItemOfUnknownTime) {
  EXPECT_THAT(chosen({change("1", std::nullopt), change("1", std::nullopt)}), ElementsAre(0));
}

TEST_F(Coalesce, TakesAnyVersionBeforeAnItemOfUnknownTime) {
  EXPECT_THAT(chosen({change("1", std::nullopt), change("1", copied(-5)), change("1", std::nullopt)}), ElementsAre(1));
  EXPECT_THAT(chosen({removal("1", kinesis(1)), change("1", std::nullopt)}), ElementsAre(0));
}

TEST_F(Coalesce, GoesByTheSequenceNumbersOfOneStream) {
  EXPECT_THAT(chosen({change("1", streams(20, "99")), change("1", streams(10, "100"))}), ElementsAre(1));
}

TEST_F(Coalesce, TakesTheLastWithoutTheGuard) {
  rules.guard = false;
  EXPECT_THAT(chosen({change("1", kinesis(3)), change("1", kinesis(2)), change("1", kinesis(1))}), ElementsAre(2));
  EXPECT_THAT(chosen({change("1", kinesis(3)), change("1", std::nullopt)}), ElementsAre(1));
}

// Many, since a sort that does not keep the order of equal keys may keep it for a few.
TEST_F(Coalesce, KnowsWhichCameLastOfMany) {
  std::vector<Change> batch;
  batch.reserve(1000);
  for (int i = 0; i < 1000; ++i) batch.push_back(change(std::to_string(i * 7 % 10), std::nullopt));
  EXPECT_THAT(chosen(batch), testing::UnorderedElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)) << "the first of each key";
  rules.guard = false;
  EXPECT_THAT(chosen(batch), testing::UnorderedElementsAre(990, 991, 992, 993, 994, 995, 996, 997, 998, 999));
}

TEST_F(Coalesce, KeepsKeysOfTwoTypesApart) {
  EXPECT_THAT(chosen({change("1", kinesis(1)), change(R"("1")", kinesis(1))}).size(), 2U);
  EXPECT_EQ(applied.coalesced, 0U);
}

TEST_F(Coalesce, KeepsCollectionsApart) {
  const Destination other{"shop", "customers2", &rules};
  Change second = change("1", kinesis(1));
  second.destination = &other;
  EXPECT_THAT(chosen({change("1", kinesis(1)), second}).size(), 2U);
}

TEST_F(Coalesce, CountsTiesOfImagesThatDiffer) {
  const auto ties = [this](const Change& first, const Change& second) {
    chosen({first, second});
    return applied.ties;
  };
  const Version one = kinesis(10, "1");
  const Version two = kinesis(10, "2");
  EXPECT_EQ(ties(change("1", one, "a"), change("1", two, "b")), 1U);
  EXPECT_EQ(ties(change("1", one), removal("1", two)), 1U);
  EXPECT_EQ(ties(change("1", one, "a"), change("1", two, "a")), 0U) << "either way it is the same";
  EXPECT_EQ(ties(change("1", one, "a"), change("1", one, "b")), 0U) << "a repeat";
  EXPECT_EQ(ties(change("1", one, "a"), change("1", kinesis(11, "2"), "b")), 0U);
  EXPECT_EQ(ties(change("1", streams(10, "1"), "a"), change("1", streams(10, "2"), "b")), 0U);
  EXPECT_EQ(ties(change("1", copied(10), "a"), change("1", one, "b")), 0U) << "a copy is older";
}

}  // namespace

}  // namespace dynatlas
