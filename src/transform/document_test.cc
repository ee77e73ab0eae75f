// SPDX-License-Identifier: Apache-2.0
#include "transform/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "change/limits.h"
#include "support/bson_json.h"

namespace dynatlas {

namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::StartsWith;

KeyAttribute key_of(const std::string& name, BsonType type, const std::string& value) {
  return {name, type, value, {}};
}

// A key attribute with the value that this Extended JSON has.
KeyAttribute key(const std::string& name, const std::string& json) {
  const std::string elements = elements_of_json("{\"v\":" + json + "}");
  return key_of(name, static_cast<BsonType>(elements[0]), elements.substr(3));
}

// What a record becomes under the rules; in canonical Extended JSON.
class DocumentTest : public testing::Test {
 protected:
  // The key as `{"_id": ..}`; or the fault.
  std::string id() {
    std::optional<StoredKey> stored;
    if (const auto fault = transformer.key(record, rules, stored)) return told(*fault);
    if (!stored) return "none";
    Buffer out;
    OpenDocument document(out);
    append_element(out, stored->type, "_id", stored->value);
    document.close();
    return json_of(out.view());
  }

  // The document of `image` without a key.
  std::string document(const std::string& image, const Transformer::Metadata* metadata = nullptr) {
    std::optional<StoredKey> stored;
    if (const auto fault = transformer.key(record, rules, stored)) return told(*fault);
    const std::string elements = elements_of_json(image);
    record.image = elements;
    record.types = &types;
    Buffer out;
    if (const auto fault = transformer.document(record, rules, stored ? &*stored : nullptr, metadata, out))
      return told(*fault);
    written = std::string(out.view());
    return json_of(out.view());
  }

  static std::string told(const RecordFault& fault) {
    EXPECT_NE(fault.kind, ErrorKind::fatal);
    return std::string(fault.kind == ErrorKind::usage ? "not configured: " : "") + "`" + fault.path + "` " +
           fault.cause;
  }

  static std::string same(const std::string& json) { return json_of(bson_of(json)); }

  Transformer transformer;
  Record record;
  TableRules rules;
  std::vector<TypeTag> types;
  std::string written;
};

TEST_F(DocumentTest, HasNoIdWithoutKeys) {
  EXPECT_EQ(id(), "none");
  EXPECT_EQ(document(R"({"a":1})"), same(R"({"a":1})"));
}

TEST_F(DocumentTest, HasTheHashKeysValueAsItsId) {
  for (const std::string value :
       {R"("c-1")", R"({"$numberInt":"7"})", R"({"$numberLong":"2147483648"})", R"({"$numberDecimal":"2.5"})",
        R"({"$binary":{"base64":"AQI=","subType":"00"}})", R"("")"}) {
    record.keys = {key("pk", value)};
    EXPECT_EQ(id(), same("{\"_id\":" + value + "}"));
  }
}

TEST_F(DocumentTest, HasItsIdInFrontOfTheFieldsAsTheyCame) {
  record.keys = {key("pk", R"("c-1")")};
  EXPECT_EQ(document(R"({"z":1,"pk":"c-1","a":2})"), same(R"({"_id":"c-1","z":1,"pk":"c-1","a":2})"));
}

TEST_F(DocumentTest, HasBothKeysInTheOrderThatTheRulesSay) {
  record.keys = {key("sk", R"({"$numberInt":"7"})"), key("pk", R"("c")")};
  rules.items.key = {"pk", "sk"};
  EXPECT_EQ(id(), same(R"({"_id":{"pk":"c","sk":7}})"));
  rules.items.key = {"sk", "pk"};
  EXPECT_EQ(id(), same(R"({"_id":{"sk":7,"pk":"c"}})"));
}

TEST_F(DocumentTest, TakesKeysThatAreInOrderAsTheyAre) {
  record.keys = {key("sk", "1"), key("pk", "2")};
  record.keys_ordered = true;
  rules.items.key = {"sk", "pk"};
  EXPECT_EQ(id(), same(R"({"_id":{"sk":1,"pk":2}})"));
}

TEST_F(DocumentTest, NeedsToBeToldTheOrderOfTwoKeys) {
  record.keys = {key("pk", "1"), key("sk", "2")};
  for (const IdForm form : {IdForm::key, IdForm::string, IdForm::objectid}) {
    rules.id = form;
    EXPECT_THAT(id(), AllOf(StartsWith("not configured: `Keys` "), HasSubstr("--key")));
  }
}

TEST_F(DocumentTest, RefusesOtherKeysThanTheRulesName) {
  record.keys = {key("pk", "1")};
  for (const std::vector<std::string>& names : {std::vector{"pk"s, "sk"s}, std::vector{"id"s}}) {
    rules.items.key = names;
    EXPECT_THAT(id(), StartsWith("`Keys` "));
  }
  record.keys = {key("pk", "1"), key("sk", "2")};
  for (const std::vector<std::string>& names : {std::vector{"pk"s}, std::vector{"pk"s, "rk"s}}) {
    rules.items.key = names;
    EXPECT_THAT(id(), StartsWith("`Keys` "));
  }
}

TEST_F(DocumentTest, EscapesTheNamesOfKeysInItsId) {
  record.keys = {key("_id", "1"), key("$b.c", "2")};
  rules.items.key = {"_id", "$b.c"};
  EXPECT_EQ(id(), same(R"({"_id":{"%5Fid":1,"%24b.c":2}})"));
  rules.items.names.escape_dots = true;
  EXPECT_EQ(id(), same(R"({"_id":{"%5Fid":1,"%24b%2Ec":2}})"));
  rules.items.names.metadata = "_id2";
  record.keys = {key("_id2", "1"), key("$b.c", "2")};
  rules.items.key = {"_id2", "$b.c"};
  EXPECT_EQ(id(), same(R"({"_id":{"%5Fid2":1,"%24b%2Ec":2}})"));
}

TEST_F(DocumentTest, JoinsItsKeysToAText) {
  rules.id = IdForm::string;
  const std::vector<std::pair<std::string, std::string>> texts = {
      {R"("c-1")", "c-1"},
      {R"({"$numberInt":"-7"})", "-7"},
      {R"({"$numberLong":"9223372036854775807"})", "9223372036854775807"},
      {R"({"$numberDecimal":"2.5"})", "2.5"},
      {R"({"$numberDecimal":"1E+20"})", "100000000000000000000"},
      {R"({"$numberDecimal":"-1E-3"})", "-0.001"},
      {R"({"$binary":{"base64":"AQL/","subType":"00"}})", "AQL/"},
      {R"({"$binary":{"base64":"AQ==","subType":"00"}})", "AQ=="},
  };
  for (const auto& [value, text] : texts) {
    record.keys = {key("pk", value)};
    rules.items.key = {};
    EXPECT_EQ(id(), same("{\"_id\":\"" + text + "\"}"));
    record.keys = {key("sk", R"("x")"), key("pk", value)};
    rules.items.key = {"pk", "sk"};
    EXPECT_EQ(id(), same("{\"_id\":\"" + text + "|x\"}"));
  }
}

TEST_F(DocumentTest, EscapesBarsAndBackslashesInAJoinedKey) {
  rules.id = IdForm::string;
  record.keys = {key("pk", R"("a|b")"), key("sk", R"("c\\|")")};
  rules.items.key = {"pk", "sk"};
  EXPECT_EQ(id(), same(R"({"_id":"a\\|b|c\\\\\\|"})"));
}

// Two items must never share an `_id`, whatever their keys hold.
RC_GTEST_PROP(Document, NeverJoinsDifferentKeysToOneText, ()) {
  const auto part = rc::gen::container<std::string>(rc::gen::element('|', '\\', 'a'));
  const auto joined = [](const std::string& hash, const std::string& range) {
    TableRules rules;
    rules.id = IdForm::string;
    rules.items.key = {"h", "r"};
    Record record;
    record.keys = {key_of("h", BsonType::string, string_value(hash)),
                   key_of("r", BsonType::string, string_value(range))};
    std::optional<StoredKey> stored;
    RC_ASSERT(!Transformer().key(record, rules, stored));
    return stored->value;
  };
  const std::string hash = *part;
  const std::string range = *part;
  const std::string other_hash = *part;
  const std::string other_range = *part;
  RC_ASSERT((joined(hash, range) == joined(other_hash, other_range)) == (hash == other_hash && range == other_range));
}

TEST_F(DocumentTest, LeavesItsIdToTheServerAndIsKnownByItsKeyAttributes) {
  rules.id = IdForm::objectid;
  record.keys = {key("pk", R"("c")")};
  EXPECT_EQ(id(), same(R"({"_id":{"pk":"c"}})"));
  EXPECT_EQ(document(R"({"pk":"c","a":1})"), same(R"({"pk":"c","a":1})"));
  record.keys = {key("a.b", R"("c")")};
  EXPECT_THAT(id(), AllOf(StartsWith("`a.b` "), HasSubstr("id: key")));
}

TEST_F(DocumentTest, KeepsTheKeyAttributesOfASoftDelete) {
  record.keys = {key("pk", R"("c")"), key("_id", "7")};
  const std::string fields = transformer.key_fields(record, rules);
  EXPECT_EQ(fields, elements_of_json(R"({"pk":"c","%5Fid":7})"));
}

TEST_F(DocumentTest, EndsWithItsMetadata) {
  types = {{"tags", "SS"}, {"big", "N"}, {"a\\.b.0", "NS"}};
  const Version version{1'720'740'233'012'995, "k0019"};
  Transformer::Metadata metadata{&version, true, false};
  EXPECT_EQ(document(R"({"a":1})", &metadata),
            same(R"({"a":1,"_dynatlas":{"t":{"$numberLong":"1720740233012995"},"s":"k0019",
      "types":{"tags":"SS","big":"N","a\\.b.0":"NS"}}})"));
  metadata.with_types = false;
  metadata.deleted = true;
  EXPECT_EQ(document(R"({"a":1})", &metadata),
            same(R"({"a":1,"_dynatlas":{"t":{"$numberLong":"1720740233012995"},"s":"k0019","deleted":true}})"));
}

TEST_F(DocumentTest, HasTheMetadataOfACopiedItem) {
  const Version version{1'000'000, ""};
  const Transformer::Metadata metadata{&version, true, false};
  rules.items.names.metadata = "meta";
  EXPECT_EQ(document(R"({"a":1})", &metadata), same(R"({"a":1,"meta":{"t":{"$numberLong":"1000000"},"s":""}})"));
}

TEST_F(DocumentTest, HasNoMetadataThatWouldBeEmpty) {
  const Transformer::Metadata metadata;
  EXPECT_EQ(document(R"({"a":1})", &metadata), same(R"({"a":1})"));
  types = {{"a", "SS"}};
  EXPECT_EQ(document(R"({"a":["x"]})", &metadata), same(R"({"a":["x"],"_dynatlas":{"types":{"a":"SS"}}})"));
  const Transformer::Metadata without{nullptr, false, false};
  EXPECT_EQ(document(R"({"a":["x"]})", &without), same(R"({"a":["x"]})"));
}

TEST_F(DocumentTest, SaysWhereItsPlaceInFilesStands) {
  const Version version{1'000'000, file_place(3, 4)};
  const Transformer::Metadata metadata{&version, true, false};
  document(R"({"a":1})", &metadata);
  EXPECT_EQ(written.substr(transformer.place_at(), place_size), "f00000003000000000004");
  const Version other{1'000'000, "k0019"};
  const Transformer::Metadata no_place{&other, true, false};
  document(R"({"a":1})", &no_place);
  EXPECT_EQ(transformer.place_at(), 0U);
}

TEST_F(DocumentTest, AppliesTheFieldRulesToFieldsAndTypesButNotToItsId) {
  record.keys = {key("pk", R"("c")")};
  rules.fields.children["a"].rename = "b";
  rules.fields.children["x"].drop = true;
  types = {{"a", "SS"}, {"x", "SS"}};
  const Transformer::Metadata metadata;
  EXPECT_EQ(document(R"({"pk":"c","a":["1"],"x":["2"]})", &metadata),
            same(R"({"_id":"c","pk":"c","b":["1"],"_dynatlas":{"types":{"b":"SS"}}})"));
}

TEST_F(DocumentTest, IsRefusedWhereARenameMakesTwoNamesMeet) {
  rules.fields.children["a"].rename = "b";
  EXPECT_THAT(document(R"({"a":1,"b":2})"), StartsWith("`b` "));
}

TEST_F(DocumentTest, CountsTheDatesItCouldNotRead) {
  rules.fields.children["a"].date = FieldRules::Date::seconds;
  rules.fields.children["b"].date = FieldRules::Date::milliseconds;
  document(R"({"a":"x","b":true})");
  EXPECT_EQ(transformer.unread_dates(), 2U);
  document(R"({"a":1})");
  EXPECT_EQ(transformer.unread_dates(), 0U);
}

TEST_F(DocumentTest, IsAppendedToWhatIsThere) {
  const std::string elements = elements_of_json(R"({"a":1})");
  record.image = elements;
  Buffer out;
  ASSERT_FALSE(transformer.document(record, rules, nullptr, nullptr, out));
  ASSERT_FALSE(transformer.document(record, rules, nullptr, nullptr, out));
  EXPECT_EQ(out.view(), bson_of(R"({"a":1})") + bson_of(R"({"a":1})"));
}

TEST_F(DocumentTest, HasAtMost16Mebibytes) {
  // An empty document has 5 bytes; an element "a" with a string has 8 beside its text: type, name, length, NUL.
  const std::size_t beside = 5 + 1 + 2 + 4 + 1;
  for (const std::size_t more : {0U, 1U}) {
    Buffer image;
    append_string_element(image, "a", std::string(document_bytes_max - beside + more, 'x'));
    record.image = image.view();
    Buffer out;
    out.append("before");
    const auto fault = transformer.document(record, rules, nullptr, nullptr, out);
    if (more == 0) {
      EXPECT_FALSE(fault);
      EXPECT_EQ(out.size(), 6 + document_bytes_max);
    } else {
      ASSERT_TRUE(fault);
      EXPECT_THAT(fault->cause, HasSubstr("16 MiB"));
      EXPECT_EQ(out.view(), "before");
    }
  }
}

}  // namespace

}  // namespace dynatlas
