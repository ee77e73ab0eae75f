// SPDX-License-Identifier: Apache-2.0
//
// The contract of every target: the forms and types of keys, and which of them MongoDB takes for equal.
#include <gmock/gmock.h>

#include "change/bson.h"
#include "support/target_contract.h"

namespace dynatlas {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

// Keys that all differ: each type, and what is near to one another.
const std::vector<std::string> keys = {
    R"("1")",
    R"("")",
    R"("1\u0000")",
    R"("1|2")",
    R"({"$numberInt":"1"})",
    R"({"$numberInt":"-1"})",
    R"({"$numberInt":"0"})",
    R"({"$numberLong":"5000000000"})",
    R"({"$numberLong":"9223372036854775807"})",
    R"({"$numberDecimal":"1.5"})",
    R"({"$numberDecimal":"0.1"})",
    R"({"$numberDecimal":"9223372036854775808"})",
    R"({"$numberDecimal":"0.1000000000000000055511151231257827"})",
    R"({"$binary":{"base64":"MQ==","subType":"00"}})",
    R"({"$binary":{"base64":"MQA=","subType":"00"}})",
    R"({"h":"1","r":{"$numberInt":"2"}})",
    R"({"h":"1","r":"2"})",
    R"({"h":"1","r":{"$binary":{"base64":"Mg==","subType":"00"}}})",
    R"({"h":{"$numberDecimal":"1.5"},"r":{"$numberLong":"5000000000"}})",
};

TEST_P(TargetKeys, StoresEveryFormAndTypeAsItIs) {
  std::vector<Change> batch;
  std::vector<std::string> expected;
  for (const std::string& key : keys) {
    batch.push_back(upsert(key, kinesis(10), static_cast<int>(batch.size())));
    expected.push_back(json_of(batch.back().document, ExtendedJson::canonical));
  }
  EXPECT_EQ(apply(batch).upserted, keys.size());
  EXPECT_THAT(stored(ExtendedJson::canonical), testing::UnorderedElementsAreArray(expected));
}

TEST_P(TargetKeys, FindsEveryFormAndTypeAgain) {
  for (std::size_t removed = 0; removed < keys.size(); ++removed) {
    SCOPED_TRACE(keys[removed]);
    destination.collection = "keys" + std::to_string(removed);
    reopen();
    std::vector<Change> first;
    for (const std::string& key : keys) first.push_back(upsert(key, kinesis(10), 1));
    apply(first);
    EXPECT_EQ(shown(apply({remove(keys[removed], kinesis(20))})), "upserted 0, removed 1, stale 0, coalesced 0");
    EXPECT_EQ(apply({upsert(keys[removed], kinesis(15), 2)}).stale, 1U);
    EXPECT_THAT(stored(), SizeIs(keys.size() - 1)) << "it and no other is removed";
  }
}

// MongoDB compares numbers by value, whatever their type, and doubles by the 34 digits nearest to them.
TEST_P(TargetKeys, TakesNumbersOfOneValueForOneKey) {
  const std::vector<std::pair<std::string, std::string>> equal = {
      {R"({"$numberDouble":"1.0"})", R"({"$numberInt":"1"})"},
      {R"({"$numberLong":"1"})", R"({"$numberInt":"1"})"},
      {R"({"$numberDecimal":"1"})", R"({"$numberInt":"1"})"},
      {R"({"$numberDecimal":"1.00"})", R"({"$numberInt":"1"})"},
      {R"({"$numberDouble":"-0.0"})", R"({"$numberInt":"0"})"},
      {R"({"$numberDouble":"5000000000.0"})", R"({"$numberLong":"5000000000"})"},
      {R"({"$numberDouble":"1.5"})", R"({"$numberDecimal":"1.5"})"},
      {R"({"$numberDecimal":"1.50"})", R"({"$numberDecimal":"1.5"})"},
      {R"({"$numberDouble":"-0.375"})", R"({"$numberDecimal":"-0.375"})"},
      {R"({"$numberDouble":"0.1"})", R"({"$numberDecimal":"0.1000000000000000055511151231257827"})"},
      {R"({"$numberDouble":"1e+30"})", R"({"$numberDecimal":"1000000000000000019884624838656"})"},
      {R"({"h":{"$numberDouble":"1.0"},"r":{"$numberDouble":"1.5"}})",
       R"({"h":{"$numberInt":"1"},"r":{"$numberDecimal":"1.5"}})"},
  };
  for (std::size_t i = 0; i < equal.size(); ++i) {
    const auto& [theirs, ours] = equal[i];
    SCOPED_TRACE(theirs + " is " + ours);
    destination.collection = "equal" + std::to_string(i);
    reopen();
    put({R"({"_id":)" + theirs + R"(,"old":1})"});
    apply({upsert(ours, kinesis(10), 7)});
    const std::vector<std::string> found = stored();
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_THAT(found[0], HasSubstr(R"("v":7)"));
    apply({remove(ours, kinesis(20))});
    EXPECT_THAT(stored(), IsEmpty());
  }
}

TEST_P(TargetKeys, KeepsNumbersOfTwoValuesApart) {
  const std::vector<std::pair<std::string, std::string>> different = {
      {R"({"$numberDouble":"0.1"})", R"({"$numberDecimal":"0.1"})"},
      {R"({"$numberDouble":"1e+30"})", R"({"$numberDecimal":"1E+30"})"},
      {R"({"$numberDouble":"NaN"})", R"({"$numberInt":"0"})"},
      {R"("1")", R"({"$numberInt":"1"})"},
      {R"({"$binary":{"base64":"MQ==","subType":"05"}})", R"({"$binary":{"base64":"MQ==","subType":"00"}})"},
      {R"({"r":"2","h":"1"})", R"({"h":"1","r":"2"})"},
      {R"({"$oid":"0123456789abcdef01234567"})", R"("0123456789abcdef01234567")"},
      {"true", R"({"$numberInt":"1"})"},
  };
  for (std::size_t i = 0; i < different.size(); ++i) {
    const auto& [theirs, ours] = different[i];
    SCOPED_TRACE(theirs + " is not " + ours);
    destination.collection = "different" + std::to_string(i);
    reopen();
    put({R"({"_id":)" + theirs + R"(,"old":1})"});
    apply({upsert(ours, kinesis(10), 7)});
    EXPECT_THAT(stored(), SizeIs(2));
    apply({remove(ours, kinesis(20))});
    EXPECT_THAT(stored(), SizeIs(1));
  }
}

// --- id: objectid

std::string id_in(const std::string& document) { return document.substr(0, document.find("},") + 1); }

TEST_P(TargetKeys, MakesAnObjectIdForEachKey) {
  rules.id = IdForm::objectid;
  const auto change = [this](int number, std::int64_t t) {
    const std::string key = R"({"pk":)" + std::to_string(number) + "}";
    return upsert_document(key, kinesis(t), R"({"pk":)" + std::to_string(number) + R"(,"v":1})");
  };
  EXPECT_EQ(apply({change(1, 10), change(2, 10)}).upserted, 2U);
  const std::vector<std::string> first = stored();
  ASSERT_THAT(first, SizeIs(2));
  for (const std::string& document : first) EXPECT_THAT(document, StartsWith(R"({"_id":{"$oid":")"));
  EXPECT_NE(id_in(first[0]), id_in(first[1]));
  EXPECT_THAT(first, testing::UnorderedElementsAre(HasSubstr(R"(,"pk":1,"v":1,"_dynatlas":{"t":10,"s":"k0011"}})"),
                                                   HasSubstr(R"(,"pk":2,"v":1,"_dynatlas":{"t":10,"s":"k0011"}})")));
}

TEST_P(TargetKeys, KeepsTheObjectIdOfWhatItReplaces) {
  rules.id = IdForm::objectid;
  const std::string_view key = R"({"pk":"a"})";
  apply({upsert_document(key, kinesis(10), R"({"pk":"a","v":1})")});
  const std::string first = stored().at(0);
  reopen();
  EXPECT_EQ(apply({upsert_document(key, kinesis(20), R"({"pk":"a","v":2})")}).upserted, 1U);
  EXPECT_EQ(apply({upsert_document(key, kinesis(15), R"({"pk":"a","v":3})")}).stale, 1U);
  EXPECT_THAT(stored(), ElementsAre(id_in(first) + R"(,"pk":"a","v":2,"_dynatlas":{"t":20,"s":"k0011"}})"));
  Change removal = remove(key, kinesis(30));
  EXPECT_EQ(apply({removal}).removed, 1U);
  EXPECT_EQ(apply({upsert_document(key, kinesis(25), R"({"pk":"a","v":4})")}).stale, 1U);
  EXPECT_THAT(stored(), IsEmpty());
}

TEST_P(TargetKeys, MatchesForeignDocumentsByTheirKeyAttributes) {
  rules.id = IdForm::objectid;
  put({R"({"_id":{"$oid":"0123456789abcdef01234567"},"r":{"$numberLong":"2"},"h":"1","old":1})",
       R"({"_id":"mine","h":"1","r":3,"old":2})"});
  EXPECT_EQ(apply({upsert_document(R"({"h":"1","r":2})", kinesis(10), R"({"h":"1","r":2,"v":1})")}).upserted, 1U);
  EXPECT_THAT(stored(),
              testing::UnorderedElementsAre(
                  R"({"_id":{"$oid":"0123456789abcdef01234567"},"h":"1","r":2,"v":1,"_dynatlas":{"t":10,"s":"k0011"}})",
                  R"({"_id":"mine","h":"1","r":3,"old":2})"));
  EXPECT_EQ(apply({upsert_document(R"({"h":"1","r":3})", kinesis(10), R"({"h":"1","r":3,"v":1})")}).upserted, 1U);
  EXPECT_THAT(stored(), testing::Contains(StartsWith(R"({"_id":"mine","h":"1","r":3,"v":1)")));
}

TEST_P(TargetKeys, MarksSoftlyWithAnObjectId) {
  rules.id = IdForm::objectid;
  rules.soft_deletes = true;
  const std::string_view key = R"({"pk":"a"})";
  Change removal = remove(key, kinesis(30));
  removal.key_fields = elements_of(bson_of(key));
  EXPECT_EQ(apply({removal}).removed, 1U);
  const std::string first = stored().at(0);
  EXPECT_THAT(first, testing::AllOf(StartsWith(R"({"_id":{"$oid":")"),
                                    HasSubstr(R"(,"pk":"a","_dynatlas":{"t":30,"s":"k0011","deleted":true}})")));
  apply({upsert_document(key, kinesis(40), R"({"pk":"a","v":4})")});
  EXPECT_THAT(stored(), ElementsAre(id_in(first) + R"(,"pk":"a","v":4,"_dynatlas":{"t":40,"s":"k0011"}})"));
}

}  // namespace

}  // namespace dynatlas
