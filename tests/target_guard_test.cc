// SPDX-License-Identifier: Apache-2.0
//
// The contract of every target: versions, tombstones, coalescing, items without a time, kinds.
#include <gmock/gmock.h>

#include "support/target_contract.h"

namespace dynatlas {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view a = R"("a")";
constexpr std::string_view b = R"("b")";
constexpr std::string_view c = R"("c")";

// An older and a newer version, for each reason why one is newer.
struct Pair {
  std::string why;
  Version older;
  Version newer;
};

std::vector<Pair> pairs() {
  return {
      {"time", kinesis(10, "9"), kinesis(11, "1")},
      {"sequence number at equal times", kinesis(10, "4"), kinesis(10, "5")},
      {"more digits at equal times", kinesis(10, "9"), kinesis(10, "10")},
      {"sequence number in one stream, whatever the times", streams(20, "5"), streams(10, "6")},
      {"more digits in one stream", streams(10, "99"), streams(10, "100")},
      {"a copied item is older than any change of its time", copied(10), kinesis(10, "1")},
      {"a copied item of a later time", kinesis(10, "999"), copied(11)},
      {"a copied item goes by time with a stream, too", streams(10, "999"), copied(11)},
      {"a later copy", copied(10), copied(11)},
      {"a later file", {10, "f00000000000000000009"}, {10, "f00000001000000000000"}},
      {"a later record of a file", {10, "f00000000000000000009"}, {10, "f00000000000000000010"}},
  };
}

TEST_P(TargetGuard, TakesAnEmptyBatch) {
  EXPECT_EQ(shown(apply({})), "upserted 0, removed 0, stale 0, coalesced 0");
  EXPECT_THAT(stored(), IsEmpty());
  EXPECT_THAT(dead_letters(), IsEmpty());
}

TEST_P(TargetGuard, WritesWhatIsNew) {
  EXPECT_EQ(shown(apply({upsert(a, kinesis(10), 1), upsert(b, kinesis(10), 2)})),
            "upserted 2, removed 0, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","v":1,"_dynatlas":{"t":10,"s":"k0011"}})",
                                    R"({"_id":"b","v":2,"_dynatlas":{"t":10,"s":"k0011"}})"));
}

TEST_P(TargetGuard, ReplacesTheOlderAndRefusesIt) {
  for (const Pair& pair : pairs()) {
    SCOPED_TRACE(pair.why);
    destination.collection = pair.why;  // kinds do not mix in one collection
    EXPECT_EQ(shown(apply({upsert(a, pair.older, 1), upsert(b, pair.newer, 2)})),
              "upserted 2, removed 0, stale 0, coalesced 0");
    reopen();
    EXPECT_EQ(shown(apply({upsert(a, pair.newer, 2), upsert(b, pair.older, 1)})),
              "upserted 1, removed 0, stale 1, coalesced 0");
    EXPECT_THAT(stored(), ElementsAre(stored_text(a, pair.newer, 2), stored_text(b, pair.newer, 2)));
    reopen();
  }
}

TEST_P(TargetGuard, TakesARepeatForStale) {
  for (const Version& version : {kinesis(10), copied(10)}) {
    apply({upsert(a, version, 1)});
    EXPECT_EQ(shown(apply({upsert(a, version, 1)})), "upserted 0, removed 0, stale 1, coalesced 0");
    reopen();
    EXPECT_EQ(shown(apply({upsert(a, version, 1)})), "upserted 0, removed 0, stale 1, coalesced 0");
    apply({remove(a, kinesis(5))});
  }
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(10), 1)));
}

TEST_P(TargetGuard, RemovesAndRefusesTheLateUpsert) {
  for (const Pair& pair : pairs()) {
    SCOPED_TRACE(pair.why);
    destination.collection = pair.why;
    apply({upsert(a, pair.older, 1)});
    EXPECT_EQ(shown(apply({remove(a, pair.newer)})), "upserted 0, removed 1, stale 0, coalesced 0");
    EXPECT_THAT(stored(), IsEmpty());
    reopen();
    EXPECT_EQ(shown(apply({upsert(a, pair.older, 1)})), "upserted 0, removed 0, stale 1, coalesced 0");
    EXPECT_EQ(shown(apply({remove(a, pair.newer)})), "upserted 0, removed 0, stale 1, coalesced 0");
    EXPECT_THAT(stored(), IsEmpty());
    reopen();
  }
}

TEST_P(TargetGuard, RemembersTheRemovalOfWhatWasNeverThere) {
  EXPECT_EQ(shown(apply({remove(a, kinesis(20))})), "upserted 0, removed 1, stale 0, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(a, kinesis(10), 1)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_THAT(stored(), IsEmpty());
}

TEST_P(TargetGuard, BringsBackWhatIsWrittenAfterItsRemoval) {
  apply({upsert(a, kinesis(10), 1)});
  apply({remove(a, kinesis(20))});
  EXPECT_EQ(shown(apply({upsert(a, kinesis(30), 3)})), "upserted 1, removed 0, stale 0, coalesced 0");
  EXPECT_EQ(shown(apply({remove(a, kinesis(20))})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(a, kinesis(10), 1)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(30), 3)));
}

// The removal raises the tombstone, and so counts, but what is newer stays.
TEST_P(TargetGuard, LeavesWhatIsNewerThanTheRemoval) {
  apply({upsert(a, kinesis(30), 3)});
  EXPECT_EQ(shown(apply({remove(a, kinesis(20))})), "upserted 0, removed 1, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(30), 3)));
}

TEST_P(TargetGuard, KeepsTheNewerOfTwoTombstones) {
  apply({remove(a, kinesis(30))});
  EXPECT_EQ(shown(apply({remove(a, kinesis(10))})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(a, kinesis(20), 2)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(shown(apply({remove(a, kinesis(50))})), "upserted 0, removed 1, stale 0, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(a, kinesis(40), 4)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_THAT(stored(), IsEmpty());
}

TEST_P(TargetGuard, CoalescesABatchToTheNewestOfEachKey) {
  EXPECT_EQ(shown(apply({upsert(a, kinesis(12), 12), upsert(b, kinesis(20), 20), upsert(a, kinesis(13), 13),
                         remove(b, kinesis(21)), upsert(a, kinesis(11), 11), upsert(c, kinesis(5), 5),
                         upsert(b, kinesis(19), 19)})),
            "upserted 2, removed 1, stale 0, coalesced 4");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(13), 13), stored_text(c, kinesis(5), 5)));
}

TEST_P(TargetGuard, CoalescesToAnUpsertThatCameAfterTheRemoval) {
  EXPECT_EQ(shown(apply({upsert(a, kinesis(3), 3), remove(a, kinesis(2)), upsert(a, kinesis(1), 1)})),
            "upserted 1, removed 0, stale 0, coalesced 2");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(3), 3)));
}

TEST_P(TargetGuard, CoalescesRepeatsInABatch) {
  EXPECT_EQ(shown(apply({upsert(a, kinesis(1), 1), upsert(a, kinesis(1), 1), upsert(a, kinesis(1), 1)})),
            "upserted 1, removed 0, stale 0, coalesced 2");
  EXPECT_EQ(shown(apply({remove(b, kinesis(1)), remove(b, kinesis(1))})),
            "upserted 0, removed 1, stale 0, coalesced 1");
}

TEST_P(TargetGuard, KeepsCollectionsApart) {
  const Destination other{destination.database, "orders", &rules};
  const Destination elsewhere{"archive", "customers", &rules};
  Change second = upsert(a, kinesis(2), 2);
  second.destination = &other;
  Change third = remove(a, kinesis(3));
  third.destination = &elsewhere;
  EXPECT_EQ(shown(apply({upsert(a, kinesis(1), 1), second, third})), "upserted 2, removed 1, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(1), 1)));
  EXPECT_THAT(stored_in(other), ElementsAre(stored_text(a, kinesis(2), 2)));
  EXPECT_THAT(stored_in(elsewhere), IsEmpty());
}

// Two images of one item with one time: AWS's clock did not say which is newer.
TEST_P(TargetGuard, CountsTiesOfDifferentImages) {
  const Change first = upsert(a, kinesis(10, "1"), 1);
  const Change second = upsert(a, kinesis(10, "2"), 2);
  EXPECT_EQ(apply({first, second}).ties, 1U);
  EXPECT_EQ(apply({upsert(b, kinesis(10, "1"), 1), remove(b, kinesis(10, "2"))}).ties, 1U);
  EXPECT_EQ(apply({upsert(c, kinesis(10), 1), upsert(c, kinesis(10), 1)}).ties, 0U) << "a repeat is no tie";
  EXPECT_EQ(apply({upsert(c, kinesis(11), 1), upsert(c, kinesis(12), 2)}).ties, 0U) << "the time says it";
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(10, "2"), 2), stored_text(c, kinesis(12), 2)));
}

// A bare record that stands in the input twice: its place is all that differs.
TEST_P(TargetGuard, TakesARepeatAtALaterPlaceForNoTie) {
  const Version first{10, "f00000000000000000001"};
  const Version second{10, "f00000000000000000002"};
  EXPECT_EQ(apply({upsert(a, first, 1), upsert(a, second, 1)}).ties, 0U);
  EXPECT_EQ(apply({upsert(b, first, 1), upsert(b, second, 2)}).ties, 1U);
}

TEST_P(TargetGuard, CountsNoTiesInAStreamWhoseNumbersSayTheOrder) {
  EXPECT_EQ(apply({upsert(a, streams(10, "1"), 1), upsert(a, streams(10, "2"), 2)}).ties, 0U);
}

// --- items without a time

TEST_P(TargetGuard, FillsInWhatIsAbsentWithAnItemOfUnknownTime) {
  EXPECT_EQ(shown(apply({upsert(a, std::nullopt, 1)})), "upserted 1, removed 0, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","v":1})"));
}

TEST_P(TargetGuard, LeavesWhatIsThereToAnItemOfUnknownTime) {
  apply({upsert(a, kinesis(1), 1), remove(b, kinesis(1)), upsert(c, std::nullopt, 3)});
  EXPECT_EQ(shown(apply({upsert(a, std::nullopt, 7), upsert(b, std::nullopt, 8), upsert(c, std::nullopt, 9)})),
            "upserted 0, removed 0, stale 3, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(1), 1), R"({"_id":"c","v":3})"));
}

TEST_P(TargetGuard, KeepsTheFirstOfTwoItemsOfUnknownTimeInABatch) {
  EXPECT_EQ(shown(apply({upsert(a, std::nullopt, 1), upsert(a, std::nullopt, 2)})),
            "upserted 1, removed 0, stale 0, coalesced 1");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","v":1})"));
}

TEST_P(TargetGuard, TakesAnItemOfUnknownTimeForOlderThanAnyChange) {
  apply({upsert(a, std::nullopt, 1), upsert(b, std::nullopt, 1)});
  EXPECT_EQ(shown(apply({upsert(a, copied(1), 2), remove(b, kinesis(1))})),
            "upserted 1, removed 1, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, copied(1), 2)));
}

TEST_P(TargetGuard, PutsAnyChangeOfABatchBeforeItsItemsOfUnknownTime) {
  EXPECT_EQ(shown(apply({upsert(a, std::nullopt, 1), upsert(a, kinesis(1), 2), upsert(b, kinesis(1), 3),
                         upsert(b, std::nullopt, 4), upsert(c, std::nullopt, 5), remove(c, kinesis(1))})),
            "upserted 2, removed 1, stale 0, coalesced 3");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(1), 2), stored_text(b, kinesis(1), 3)));
}

// --- kinds and mappings

TEST_P(TargetGuard, TakesOneKindOfVersionsInACollection) {
  apply({upsert(a, kinesis(10), 1)});
  const Error error = refusal({upsert(b, streams(10, "1"), 1)});
  EXPECT_EQ(error.kind, ErrorKind::fatal);
  EXPECT_THAT(error.message, AllOf(HasSubstr(destination.name()), HasSubstr("0123abcd")));
  reopen();
  EXPECT_EQ(refusal({remove(a, streams(10, "1"))}).kind, ErrorKind::fatal);
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(10), 1)));
}

TEST_P(TargetGuard, TakesTheChangesOfOneStreamInACollection) {
  apply({upsert(a, streams(10, "1", "aaaaaaaa"), 1)});
  EXPECT_EQ(refusal({upsert(b, streams(10, "1", "bbbbbbbb"), 1)}).kind, ErrorKind::fatal);
  EXPECT_EQ(refusal({upsert(b, kinesis(10), 1)}).kind, ErrorKind::fatal);
}

TEST_P(TargetGuard, RefusesTwoKindsInOneBatch) {
  EXPECT_EQ(refusal({upsert(a, streams(10, "1"), 1), upsert(b, kinesis(10), 1)}).kind, ErrorKind::fatal);
}

TEST_P(TargetGuard, TakesCopiedItemsBesideAnyKind) {
  apply({upsert(a, copied(10), 1), upsert(b, std::nullopt, 1)});
  apply({upsert(a, streams(11, "1"), 2)});
  EXPECT_EQ(shown(apply({upsert(b, copied(12), 3), upsert(c, std::nullopt, 4)})),
            "upserted 2, removed 0, stale 0, coalesced 0");
}

TEST_P(TargetGuard, LetsEachCollectionHaveItsKind) {
  apply({upsert(a, kinesis(10), 1)});
  destination.collection = "orders";
  reopen();
  apply({upsert(a, streams(10, "1"), 1)});
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, streams(10, "1"), 1)));
}

TEST_P(TargetGuard, RefusesAnotherMapping) {
  apply({upsert(a, kinesis(10), 1)});
  ASSERT_TRUE(target->drain());
  reopen();
  rules.fingerprint = "another mapping";
  const Error error = refusal({upsert(a, kinesis(11), 2)});
  EXPECT_EQ(error.kind, ErrorKind::fatal);
  EXPECT_THAT(error.message, AllOf(HasSubstr(destination.name()), HasSubstr("mapping")));
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(10), 1)));
}

// --- several processes

TEST_P(TargetGuard, LetsTwoTargetsWriteOnePlace) {
  const std::unique_ptr<Target> first = std::move(target);
  reopen();
  ASSERT_TRUE(first->apply(std::vector{upsert(a, kinesis(10), 1), remove(b, kinesis(20))}));
  EXPECT_EQ(shown(apply({upsert(a, kinesis(5), 5), upsert(b, kinesis(10), 5), upsert(c, kinesis(1), 1)})),
            "upserted 1, removed 0, stale 2, coalesced 0");
  ASSERT_TRUE(first->apply(std::vector{upsert(c, kinesis(2), 2)}));
  ASSERT_TRUE(first->drain());
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(10), 1), stored_text(c, kinesis(2), 2)));
}

TEST_P(TargetGuard, ShowsAtTheEndWhatOthersHadWritten) {
  const std::unique_ptr<Target> first = std::move(target);
  reopen();
  ASSERT_TRUE(first->apply(std::vector{upsert(a, kinesis(10), 1)}));
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(10), 1))) << "the other one drained";
}

// --- size

TEST_P(TargetGuard, StoresDocumentsUpToTheLimitAsTheyAre) {
  // Metadata, names and lengths take the rest of 16 MiB.
  const std::string large(16 * 1024 * 1024 - 200, 'x');
  std::vector<Change> batch;
  for (int i = 0; i < 3; ++i) {
    const std::string key = "\"large" + std::to_string(i) + "\"";
    batch.push_back(upsert_document(key, kinesis(i + 1), "{\"_id\":" + key + ",\"v\":\"" + large + "\"}"));
  }
  EXPECT_EQ(apply(batch).upserted, 3U);
  ASSERT_TRUE(target->drain());
  std::vector<std::string> found = place->documents(destination);
  std::sort(found.begin(), found.end());
  ASSERT_EQ(found.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(found[i] == batch[i].document) << i;
}

TEST_P(TargetGuard, TakesABatchOfManyKeys) {
  std::vector<Change> batch;
  for (int i = 0; i < 5000; ++i) batch.push_back(upsert(std::to_string(i), kinesis(1 + i), i));
  EXPECT_EQ(apply(batch).upserted, 5000U);
  EXPECT_EQ(apply(batch).stale, 5000U);
  EXPECT_EQ(stored().size(), 5000U);
}

}  // namespace

}  // namespace dynatlas
