// SPDX-License-Identifier: Apache-2.0
//
// The contract of every target: what the rules of a table change, `deletes: soft`, `existing`, `guard: off`.
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

// --- deletes: soft

TEST_P(TargetRules, MarksWhatIsDeletedSoftly) {
  rules.soft_deletes = true;
  apply({upsert(a, kinesis(10), 1)});
  EXPECT_EQ(shown(apply({remove(a, kinesis(20))})), "upserted 0, removed 1, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","v":1,"_dynatlas":{"t":20,"s":"k0011","deleted":true}})"));
}

TEST_P(TargetRules, KeepsTheTypesOfWhatIsDeletedSoftly) {
  rules.soft_deletes = true;
  Change change = upsert(a, kinesis(10), 1);
  change.document =
      bson_of(R"({"_id":"a","tags":["x"],"_dynatlas":{"t":{"$numberLong":"10"},"s":"k0011","types":{"tags":"SS"}}})");
  apply({change});
  apply({remove(a, kinesis(20))});
  const std::string document = stored().at(0);
  EXPECT_THAT(document, AllOf(HasSubstr(R"("tags":["x"])"), HasSubstr(R"("types":{"tags":"SS"})"),
                              HasSubstr(R"("t":20)"), HasSubstr(R"("deleted":true)")));
}

TEST_P(TargetRules, LeavesTheKeyOfASoftDeleteWhereNothingWas) {
  rules.soft_deletes = true;
  EXPECT_EQ(shown(apply({remove(a, kinesis(20))})), "upserted 0, removed 1, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","pk":"a","_dynatlas":{"t":20,"s":"k0011","deleted":true}})"));
}

TEST_P(TargetRules, RefusesWhatComesAfterASoftDelete) {
  rules.soft_deletes = true;
  apply({upsert(a, kinesis(10), 1)});
  apply({remove(a, kinesis(20))});
  const std::vector<std::string> before = stored();
  EXPECT_EQ(shown(apply({upsert(a, kinesis(15), 2)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(shown(apply({remove(a, kinesis(20))})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(shown(apply({remove(a, kinesis(19))})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(a, std::nullopt, 3)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(stored(), before);
}

TEST_P(TargetRules, RefusesASoftDeleteThatIsOlderThanTheDocument) {
  rules.soft_deletes = true;
  apply({upsert(a, kinesis(20), 1)});
  EXPECT_EQ(shown(apply({remove(a, kinesis(10))})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(20), 1)));
}

TEST_P(TargetRules, BringsBackWhatWasDeletedSoftly) {
  rules.soft_deletes = true;
  apply({remove(a, kinesis(20))});
  EXPECT_EQ(shown(apply({upsert(a, kinesis(30), 3)})), "upserted 1, removed 0, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(30), 3)));
}

// --- existing

TEST_P(TargetRules, TakesForeignDocumentsForTheOldest) {
  put({R"({"_id":"a","old":1})", R"({"_id":"b","old":2})", R"({"_id":"c","old":3})"});
  EXPECT_EQ(shown(apply({upsert(a, kinesis(1), 1), remove(b, kinesis(1))})),
            "upserted 1, removed 1, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(stored_text(a, kinesis(1), 1), R"({"_id":"c","old":3})"));
}

TEST_P(TargetRules, LeavesForeignDocumentsToItemsOfUnknownTime) {
  put({R"({"_id":"a","old":1})"});
  EXPECT_EQ(shown(apply({upsert(a, std::nullopt, 2)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","old":1})"));
}

TEST_P(TargetRules, GuardsDocumentsThatCameWithTheirVersion) {
  put({R"({"_id":"a","v":1,"_dynatlas":{"t":{"$numberLong":"20"},"s":"k0011"}})"});
  EXPECT_EQ(shown(apply({upsert(a, kinesis(10), 2)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(a, kinesis(20), 2)})), "upserted 0, removed 0, stale 1, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(a, kinesis(21), 2)})), "upserted 1, removed 0, stale 0, coalesced 0");
}

// A user's field may be called as the metadata is, or be of another shape.
TEST_P(TargetRules, TakesAForeignMetadataFieldForNone) {
  put({R"({"_id":"a","_dynatlas":5})", R"({"_id":"b","_dynatlas":{"t":"late","s":"k0011"}})",
       R"({"_id":"c","_dynatlas":{"t":[{"$numberLong":"9"}],"s":"k0011"}})",
       R"({"_id":"d","_dynatlas":[{"t":{"$numberLong":"9"},"s":"k0011"}]})"});
  EXPECT_EQ(shown(apply({upsert(a, kinesis(1), 1), upsert(b, kinesis(1), 2), upsert(c, kinesis(1), 3),
                         remove(R"("d")", kinesis(1))})),
            "upserted 3, removed 1, stale 0, coalesced 0");
  EXPECT_THAT(stored(), testing::SizeIs(3));
}

TEST_P(TargetRules, RefusesForeignDocumentsWhereToldTo) {
  rules.refuse_existing = true;
  put({R"({"_id":"a","old":1})"});
  for (const Change& change : {upsert(a, kinesis(1), 1), remove(a, kinesis(1)), upsert(a, std::nullopt, 1)}) {
    const Error error = refusal({change});
    EXPECT_EQ(error.kind, ErrorKind::fatal);
    EXPECT_THAT(error.message, AllOf(HasSubstr(destination.name()), HasSubstr("existing: refuse")));
    reopen();
  }
  EXPECT_EQ(apply({upsert(b, kinesis(1), 2)}).upserted, 1U) << "it is not the one that is met";
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","old":1})", stored_text(b, kinesis(1), 2)));
}

TEST_P(TargetRules, DoesNotTakeItsOwnDocumentsForForeign) {
  rules.refuse_existing = true;
  put({R"({"_id":"a","v":1,"_dynatlas":{"t":{"$numberLong":"20"},"s":"k0011"}})"});
  EXPECT_EQ(apply({upsert(a, kinesis(30), 1), upsert(b, std::nullopt, 1)}).upserted, 2U);
  reopen();
  EXPECT_EQ(apply({upsert(b, kinesis(1), 2)}).upserted, 1U);
}

TEST_P(TargetRules, MarksForeignDocumentsThatAreDeletedSoftly) {
  rules.soft_deletes = true;
  put({R"({"_id":"a","old":1})"});
  EXPECT_EQ(apply({remove(a, kinesis(20))}).removed, 1U);
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","old":1,"_dynatlas":{"t":20,"s":"k0011","deleted":true}})"));
}

// --- guard: off

TEST_P(TargetRules, ReplacesAndDeletesPlainlyWithoutTheGuard) {
  rules.guard = false;
  EXPECT_EQ(shown(apply({upsert(a, kinesis(20), 1), upsert(b, kinesis(20), 2), upsert(c, kinesis(20), 3)})),
            "upserted 3, removed 0, stale 0, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(a, kinesis(10), 4), remove(b, kinesis(10))})),
            "upserted 1, removed 1, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","v":4})", R"({"_id":"c","v":3})"));
}

TEST_P(TargetRules, RemembersNoRemovalWithoutTheGuard) {
  rules.guard = false;
  apply({remove(a, kinesis(20))});
  EXPECT_EQ(shown(apply({upsert(a, kinesis(10), 1)})), "upserted 1, removed 0, stale 0, coalesced 0");
  EXPECT_EQ(shown(apply({upsert(b, std::nullopt, 2), upsert(a, std::nullopt, 3)})),
            "upserted 2, removed 0, stale 0, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","v":3})", R"({"_id":"b","v":2})"));
}

TEST_P(TargetRules, TakesTheLastOfABatchWithoutTheGuard) {
  rules.guard = false;
  EXPECT_EQ(shown(apply({upsert(a, kinesis(30), 1), remove(a, kinesis(40)), upsert(a, kinesis(10), 2),
                         upsert(b, kinesis(30), 1), remove(b, kinesis(10))})),
            "upserted 1, removed 1, stale 0, coalesced 3");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","v":2})"));
}

TEST_P(TargetRules, TakesAnyKindWithoutTheGuard) {
  rules.guard = false;
  apply({upsert(a, kinesis(10), 1)});
  EXPECT_EQ(apply({upsert(b, streams(10, "1"), 2), upsert(a, streams(10, "2"), 3)}).upserted, 2U);
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","v":3})", R"({"_id":"b","v":2})"));
}

TEST_P(TargetRules, DeletesWholeDocumentsWithoutTheGuard) {
  rules.guard = false;
  rules.soft_deletes = true;
  apply({upsert(a, kinesis(10), 1)});
  apply({remove(a, kinesis(20))});
  EXPECT_THAT(stored(), IsEmpty());
}

TEST_P(TargetRules, CallsTheMetadataAsTheRulesSay) {
  rules.items.names.metadata = "_meta";
  rules.soft_deletes = true;
  put({R"({"_id":"a","_meta":{"t":{"$numberLong":"20"},"s":"k0011"}})", R"({"_id":"b","_dynatlas":{"x":1}})"});
  EXPECT_EQ(shown(apply({remove(a, kinesis(10)), remove(b, kinesis(10))})),
            "upserted 0, removed 1, stale 1, coalesced 0");
  EXPECT_THAT(stored(), ElementsAre(R"({"_id":"a","_meta":{"t":20,"s":"k0011"}})",
                                    R"({"_id":"b","_dynatlas":{"x":1},"_meta":{"t":10,"s":"k0011","deleted":true}})"));
}

}  // namespace

}  // namespace dynatlas
