// SPDX-License-Identifier: Apache-2.0
//
// Bytes and texts are those of MongoDB's specification, source/bson-corpus/tests, unless a comment says otherwise.
#include "decode/extended_json.h"

#include <gtest/gtest.h>

#include "support/hex.h"

namespace dynatlas {

namespace {

std::string written(ExtendedJson form, std::string_view hex) {
  Buffer out;
  const auto ended = ExtendedJsonWriter(form, out).document(from_hex(hex));
  return ended ? std::string(out.view()) : "refused";
}

std::string canonical(std::string_view hex) { return written(ExtendedJson::canonical, hex); }
std::string relaxed(std::string_view hex) { return written(ExtendedJson::relaxed, hex); }

std::string json_string(std::string_view text) {
  Buffer out;
  append_json_string(text, out);
  return std::string(out.view());
}

// Documents {"a":{"a":..}} within each other: `levels` of them inside of the outermost.
std::string nested(int levels) {
  std::string document = from_hex("0500000000");
  for (int i = 0; i < levels; ++i) {
    Buffer out;
    OpenDocument open(out);
    append_element(out, BsonType::document, "a", document);
    open.close();
    document = out.view();
  }
  return document;
}

TEST(ExtendedJsonWriter, WrapsIntegersInTheCanonicalFormOnly) {
  EXPECT_EQ(canonical("0C0000001069000000008000"), R"({"i":{"$numberInt":"-2147483648"}})");
  EXPECT_EQ(relaxed("0C0000001069000000008000"), R"({"i":-2147483648})");
  EXPECT_EQ(canonical("10000000126100000000000000008000"), R"({"a":{"$numberLong":"-9223372036854775808"}})");
  EXPECT_EQ(relaxed("10000000126100000000000000008000"), R"({"a":-9223372036854775808})");
}

TEST(ExtendedJsonWriter, PrintsDoublesAsTheirShortestText) {
  EXPECT_EQ(canonical("10000000016400000000000000F03F00"), R"({"d":{"$numberDouble":"1.0"}})");
  EXPECT_EQ(relaxed("10000000016400000000000000F03F00"), R"({"d":1.0})");
  EXPECT_EQ(canonical("10000000016400000000000000008000"), R"({"d":{"$numberDouble":"-0.0"}})");
  // Not in the corpus: 0.1, which libbson prints as 0.10000000000000000555.
  EXPECT_EQ(relaxed("1000000001 6400 9A9999999999B93F 00"), R"({"d":0.1})");
}

TEST(ExtendedJsonWriter, WrapsWhatJsonHasNoNumberForInBothForms) {
  EXPECT_EQ(canonical("10000000016400000000000000F87F00"), R"({"d":{"$numberDouble":"NaN"}})");
  EXPECT_EQ(relaxed("10000000016400000000000000F87F00"), R"({"d":{"$numberDouble":"NaN"}})");
  EXPECT_EQ(relaxed("10000000016400000000000000F07F00"), R"({"d":{"$numberDouble":"Infinity"}})");
  EXPECT_EQ(relaxed("10000000016400000000000000F0FF00"), R"({"d":{"$numberDouble":"-Infinity"}})");
  EXPECT_EQ(relaxed("180000001364000100000000000000000000000000 3E3000"), R"({"d":{"$numberDecimal":"0.1"}})");
  EXPECT_EQ(canonical("1800000013640001000000000000000000000000004630 00"), R"({"d":{"$numberDecimal":"1E+3"}})");
}

TEST(ExtendedJsonWriter, PrintsBinariesWithTheirSubtype) {
  EXPECT_EQ(canonical("0D000000057800000000000000"), R"({"x":{"$binary":{"base64":"","subType":"00"}}})");
  EXPECT_EQ(relaxed("0F0000000578000200000000FFFF00"), R"({"x":{"$binary":{"base64":"//8=","subType":"00"}}})");
  EXPECT_EQ(canonical("1D000000057800100000000373FFD26444B34C6990E8E7D1DFC035D400"),
            R"({"x":{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"03"}}})");
}

TEST(ExtendedJsonWriter, PrintsDatesAsTextInTheRelaxedFormWhereTheYearHasFourDigits) {
  EXPECT_EQ(relaxed("10000000096100000000000000000000"), R"({"a":{"$date":"1970-01-01T00:00:00Z"}})");
  EXPECT_EQ(canonical("10000000096100000000000000000000"), R"({"a":{"$date":{"$numberLong":"0"}}})");
  EXPECT_EQ(relaxed("10000000096100C5D8D6CC3B01000000"), R"({"a":{"$date":"2012-12-24T12:15:30.501Z"}})");
  EXPECT_EQ(relaxed("10000000096100C33CE7B9BDFFFFFF00"), R"({"a":{"$date":{"$numberLong":"-284643869501"}}})");
  EXPECT_EQ(relaxed("1000000009610000DC1FD277E6000000"), R"({"a":{"$date":{"$numberLong":"253402300800000"}}})");
}

TEST(ExtendedJsonWriter, PrintsAllOtherTypes) {
  EXPECT_EQ(relaxed("1400000007610056E1FC72E0C917E9C471416100"), R"({"a":{"$oid":"56e1fc72e0c917e9c4714161"}})");
  EXPECT_EQ(relaxed("090000000862000100"), R"({"b":true})");
  EXPECT_EQ(relaxed("090000000862000000"), R"({"b":false})");
  EXPECT_EQ(relaxed("080000000A610000"), R"({"a":null})");
  EXPECT_EQ(relaxed("190000000261000D000000E29886E29886E29886E298860000"), R"({"a":"☆☆☆☆"})");
  EXPECT_EQ(relaxed("140000000461000C0000001030000A0000000000"), R"({"a":[10]})");
  EXPECT_EQ(canonical("140000000461000C0000001030000A0000000000"), R"({"a":[{"$numberInt":"10"}]})");
  EXPECT_EQ(relaxed("160000000378000E0000000261000200000062000000"), R"({"x":{"a":"b"}})");
  EXPECT_EQ(relaxed("0500000000"), "{}");
}

TEST(ExtendedJsonWriter, RefusesTypesThatDynatlasNeverWrites) {
  EXPECT_EQ(canonical("0A0000000B6100000000"), "refused");              // a regular expression
  EXPECT_EQ(canonical("100000001161002A00000015CD5B0700"), "refused");  // a timestamp
  EXPECT_EQ(canonical("08000000FF610000"), "refused");                  // MinKey
  EXPECT_EQ(canonical("0800000006610000"), "refused");                  // undefined
  EXPECT_EQ(canonical("100000000D610002000000620000 00"), "refused");   // JavaScript
}

TEST(ExtendedJsonWriter, RefusesDamagedDocuments) {
  EXPECT_EQ(canonical(""), "refused");
  EXPECT_EQ(canonical("04000000"), "refused");
  EXPECT_EQ(canonical("0600000000"), "refused");                    // its length is not its size
  EXPECT_EQ(canonical("0C0000000261 0000000000 0000"), "refused");  // a string without its NUL
  EXPECT_EQ(canonical("0C0000000261 00 FFFFFFFF 00"), "refused");   // a string of -1 bytes
}

TEST(ExtendedJsonWriter, RefusesDocumentsNestedDeeperThanAServerLetsPass) {
  Buffer out;
  EXPECT_TRUE(ExtendedJsonWriter(ExtendedJson::canonical, out).document(nested(200)));
  EXPECT_FALSE(ExtendedJsonWriter(ExtendedJson::canonical, out).document(nested(201)));
  EXPECT_FALSE(ExtendedJsonWriter(ExtendedJson::canonical, out).document(nested(2'000)));
}

TEST(ExtendedJsonWriter, PrintsTheNextDocumentAfterARefusal) {
  Buffer out;
  ExtendedJsonWriter writer(ExtendedJson::relaxed, out);
  EXPECT_FALSE(writer.document(nested(201)));
  out.clear();
  EXPECT_TRUE(writer.document(nested(200)));
}

TEST(AppendJsonString, EscapesWhatJsonAsksForAndNothingElse) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string("a/☆"), R"("a/☆")");
  EXPECT_EQ(json_string("\"\\\b\f\n\r\t"), R"("\"\\\b\f\n\r\t")");
  EXPECT_EQ(json_string(std::string_view("\0\x1F\x7F", 3)), "\"\\u0000\\u001f\x7F\"");
}

}  // namespace

}  // namespace dynatlas
