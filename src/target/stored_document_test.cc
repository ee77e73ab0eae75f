// SPDX-License-Identifier: Apache-2.0
#include "target/stored_document.h"

#include <gmock/gmock.h>

#include <limits>

#include "support/target_contract.h"

namespace dynatlas {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

StoredState state_of(std::string_view json, std::string_view metadata = "_dynatlas") {
  const auto state = stored_state(bson_of(json), metadata);
  EXPECT_TRUE(state);
  return state.value_or(StoredState{});
}

TEST(StoredState, ReadsTheVersion) {
  const StoredState state = state_of(R"({"_id":1,"_dynatlas":{"t":{"$numberLong":"10"},"s":"k0011","types":{}}})");
  EXPECT_TRUE(state.has_metadata);
  EXPECT_EQ(state.version, kinesis(10));
  EXPECT_EQ(state_of(R"({"_id":1,"_dynatlas":{"t":{"$numberLong":"-1"},"s":""}})").version, copied(-1));
}

TEST(StoredState, ReadsTheFieldThatItIsGiven) {
  const std::string_view document = R"({"_id":1,"_dynatlas":{"t":{"$numberLong":"10"},"s":"k0011"}})";
  EXPECT_FALSE(state_of(document, "_meta").has_metadata);
}

TEST(StoredState, HasNoVersionWhereItIsNotWhole) {
  for (const char* metadata : {R"({"types":{"a":"SS"}})", R"({"t":{"$numberLong":"10"}})", R"({"s":"k0011"})",
                               R"({"t":"10","s":"k0011"})", R"({"t":{"$numberLong":"10"},"s":5})"}) {
    const StoredState state = state_of(std::string(R"({"_id":1,"_dynatlas":)") + metadata + "}");
    EXPECT_TRUE(state.has_metadata) << metadata;
    EXPECT_FALSE(state.version) << metadata;
  }
  EXPECT_FALSE(state_of(R"({"_id":1,"_dynatlas":"mine"})").has_metadata);
}

// A shell that stores a document again makes doubles of its numbers. MongoDB compares them by value, and so must we.
TEST(StoredState, ReadsATimeOfEveryTypeOfNumbers) {
  constexpr std::int64_t newest = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::pair<std::string, std::int64_t>> times = {
      {R"({"$numberInt":"10"})", 10},
      {R"({"$numberDouble":"10.0"})", 10},
      {R"({"$numberDouble":"10.5"})", 11},
      {R"({"$numberDouble":"-10.5"})", -10},
      {R"({"$numberDouble":"1e300"})", newest},
      {R"({"$numberDouble":"-1e300"})", std::numeric_limits<std::int64_t>::min()},
      {R"({"$numberDouble":"NaN"})", newest},
      {R"({"$numberDecimal":"10"})", 10},
      {R"({"$numberDecimal":"10.25"})", 11},
  };
  for (const auto& [text, t] : times) {
    const StoredState state = state_of(R"({"_id":1,"_dynatlas":{"t":)" + text + R"(,"s":"k0011"}})");
    ASSERT_TRUE(state.version) << text;
    EXPECT_EQ(state.version->t, t) << text;
  }
}

TEST(StoredState, RefusesWhatIsNoDocument) {
  const std::string document = bson_of(R"({"_id":1,"a":"text"})");
  EXPECT_FALSE(stored_state(document.substr(0, document.size() - 1), "_dynatlas"));
  EXPECT_FALSE(stored_state("", "_dynatlas"));
  std::string damaged = document;
  damaged[4] = '\x7E';
  EXPECT_FALSE(stored_state(damaged, "_dynatlas"));
}

std::string canonical_id(std::string_view id) {
  const auto key = key_of_document(bson_of(R"({"a":1,"_id":)" + std::string(id) + "}"), {});
  EXPECT_TRUE(key);
  if (!key) return "";
  Buffer out;
  EXPECT_TRUE(ExtendedJsonWriter(ExtendedJson::canonical, out).value(key->type, key->value));
  return std::string(out.view());
}

TEST(StoredKey, HasOneFormOfEachNumber) {
  EXPECT_EQ(canonical_id(R"({"$numberLong":"7"})"), R"({"$numberInt":"7"})");
  EXPECT_EQ(canonical_id(R"({"$numberDouble":"7.0"})"), R"({"$numberInt":"7"})");
  EXPECT_EQ(canonical_id(R"({"$numberDecimal":"7.000"})"), R"({"$numberInt":"7"})");
  EXPECT_EQ(canonical_id(R"({"$numberDouble":"2147483648.0"})"), R"({"$numberLong":"2147483648"})");
  EXPECT_EQ(canonical_id(R"({"$numberDouble":"0.5"})"), R"({"$numberDecimal":"0.5"})");
  // The 34 digits nearest to the double that prints as 0.1.
  EXPECT_EQ(canonical_id(R"({"$numberDouble":"0.1"})"), R"({"$numberDecimal":"0.1000000000000000055511151231257827"})");
  EXPECT_EQ(canonical_id(R"({"$numberDouble":"1e+23"})"), R"({"$numberDecimal":"99999999999999991611392"})");
}

TEST(StoredKey, LeavesWhatNoKeyOfDynamoDbEquals) {
  for (const char* id : {R"({"$numberDouble":"NaN"})", R"({"$numberDouble":"Infinity"})",
                         R"({"$numberDouble":"1e+300"})", "true", "null", R"({"$oid":"0123456789abcdef01234567"})"}) {
    EXPECT_EQ(canonical_id(id), id);
  }
}

TEST(StoredKey, ReachesIntoDocuments) {
  EXPECT_EQ(canonical_id(R"({"h":{"$numberDouble":"1.0"},"r":{"$numberDecimal":"2.50"}})"),
            R"({"h":{"$numberInt":"1"},"r":{"$numberDecimal":"2.5"}})");
}

TEST(StoredKey, IsMadeOfTheKeyAttributesInTheirOrder) {
  const auto key = key_of_document(bson_of(R"({"_id":5,"r":{"$numberDouble":"2.0"},"h":"x"})"), {"h", "r"});
  ASSERT_TRUE(key);
  EXPECT_EQ(*key, key_of(R"({"h":"x","r":2})"));
}

TEST(StoredKey, NamesTheAttributeThatIsNotThere) {
  const auto key = key_of_document(bson_of(R"({"_id":5,"h":"x"})"), {"h", "r"});
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().kind, ErrorKind::fatal);
  EXPECT_THAT(key.error().message, HasSubstr("`r`"));
  EXPECT_FALSE(key_of_document(bson_of(R"({"h":"x"})"), {}));
}

TEST(StoredDocument, NamesItsElements) {
  EXPECT_THAT(names_in(bson_of(R"({"h":1,"r":{"a":1}})")), ElementsAre("h", "r"));
  EXPECT_THAT(names_in(bson_of("{}")), ElementsAre());
}

TEST(StoredDocument, TakesAnIdInFront) {
  const StoredKey id = key_of(R"({"$oid":"0123456789abcdef01234567"})");
  const std::string expected = R"({"_id":{"$oid":"0123456789abcdef01234567"},"a":1,"b":[2]})";
  EXPECT_EQ(json_of(with_id(bson_of(R"({"a":1,"b":[2]})"), id.type, id.value)), expected);
  EXPECT_EQ(json_of(with_id(bson_of(R"({"a":1,"_id":"old","b":[2]})"), id.type, id.value)), expected);
}

TEST(StoredDocument, FindsItsIdWhereverItStands) {
  const std::string document = bson_of(R"({"a":1,"_id":"x"})");
  ASSERT_TRUE(id_of(document));
  EXPECT_EQ(string_text(id_of(document)->value), "x");
  EXPECT_FALSE(id_of(bson_of(R"({"a":{"_id":1}})")));
}

TEST(StoredDocument, IsMarkedBySoftDeletes) {
  EXPECT_EQ(json_of(soft_deleted(bson_of(R"({"_id":1,"a":2})"), kinesis(20), "_dynatlas")),
            R"({"_id":1,"a":2,"_dynatlas":{"t":20,"s":"k0011","deleted":true}})");
  EXPECT_EQ(
      json_of(soft_deleted(
          bson_of(R"({"_id":1,"_meta":{"t":{"$numberLong":"1"},"s":"","types":{"a":"SS"},"deleted":true},"a":[]})"),
          kinesis(20), "_meta")),
      R"({"_id":1,"a":[],"_meta":{"t":20,"s":"k0011","types":{"a":"SS"},"deleted":true}})");
}

}  // namespace

}  // namespace dynatlas
