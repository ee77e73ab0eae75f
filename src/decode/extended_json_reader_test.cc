// SPDX-License-Identifier: Apache-2.0
//
// Bytes and texts are those of MongoDB's specification, source/bson-corpus/tests, unless a comment says otherwise.
#include "decode/extended_json_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "support/hex.h"
#include "support/repeated.h"
#include "support/way_back.h"

namespace dynatlas {

namespace {

// The document as hex, or the refusal's path.
std::string read(std::string_view text) {
  std::string cause;
  const auto bson = bson_of(text, cause);
  return bson ? to_hex(*bson) : "refused at " + cause.substr(0, cause.find(" |"));
}

std::string cause_of(std::string_view text) {
  std::string cause;
  return bson_of(text, cause) ? "" : cause;
}

// The value of "a", which stands alone, without the document around it; with its type before.
std::string value(const std::string& text) {
  const std::string hex = read("{\"a\":" + text + "}");
  if (hex.starts_with("refused")) return hex;
  return hex.substr(8, 2) + " " + hex.substr(14, hex.size() - 16);
}

TEST(ReadExtendedJson, ReadsWrappedNumbersAsTheTypeTheySay) {
  EXPECT_EQ(read(R"({"i":{"$numberInt":"-2147483648"}})"), "0C0000001069000000008000");
  EXPECT_EQ(read(R"({"a":{"$numberLong":"-9223372036854775808"}})"), "10000000126100000000000000008000");
  EXPECT_EQ(value(R"({"$numberLong":"1"})"), "12 0100000000000000");  // not narrowed
  EXPECT_EQ(read(R"({"d":{"$numberDouble":"-0.0"}})"), "10000000016400000000000000008000");
  EXPECT_EQ(read(R"({"d":{"$numberDouble":"NaN"}})"), "10000000016400000000000000F87F00");
  EXPECT_EQ(read(R"({"d":{"$numberDouble":"Infinity"}})"), "10000000016400000000000000F07F00");
  EXPECT_EQ(read(R"({"d":{"$numberDouble":"-Infinity"}})"), "10000000016400000000000000F0FF00");
  EXPECT_EQ(read(R"({"d":{"$numberDouble":"1.2345678921232E+18"}})"), "100000000164002A1BF5F41022B14300");
  EXPECT_EQ(read(R"({"d":{"$numberDecimal":"0.1"}})"), "1800000013640001000000000000000000000000003E3000");
  EXPECT_EQ(read(R"({"d":{"$numberDecimal":"1E+3"}})"), "180000001364000100000000000000000000000000463000");
}

// A Decimal128 holds a number in many ways; dynatlas knows each number by one.
TEST(ReadExtendedJson, StripsTheZerosOfADecimal128) {
  EXPECT_EQ(value(R"({"$numberDecimal":"0.10"})"), value(R"({"$numberDecimal":"0.1"})"));
  EXPECT_EQ(value(R"({"$numberDecimal":"1000"})"), value(R"({"$numberDecimal":"1E+3"})"));
  EXPECT_EQ(value(R"({"$numberDecimal":"-0E-7"})"), value(R"({"$numberDecimal":"0"})"));
}

// 9999999999999999999999999999999999, the largest coefficient: 378D8E63FFFFFFFF 0001ED09BEAD87C0 in hex.
TEST(ReadExtendedJson, ReadsADecimal128OfThirtyFourDigitsAndNoMore) {
  EXPECT_EQ(value(R"({"$numberDecimal":"9999999999999999999999999999999999"})"), "13 FFFFFFFF638E8D37C087ADBE09ED4130");
  EXPECT_EQ(value(R"({"$numberDecimal":"10000000000000000000000000000000001"})"), "refused at a");
}

TEST(ReadExtendedJson, ReadsBareIntegersAsTheNarrowestType) {
  EXPECT_EQ(value("2147483647"), "10 FFFFFF7F");
  EXPECT_EQ(value("-2147483648"), "10 00000080");
  EXPECT_EQ(value("2147483648"), "12 0000008000000000");
  EXPECT_EQ(value("9223372036854775807"), "12 FFFFFFFFFFFFFF7F");
  EXPECT_EQ(value("-0"), "10 00000000");
}

TEST(ReadExtendedJson, ReadsAllOtherBareNumbersAsDoubles) {
  EXPECT_EQ(value("1.0"), "01 000000000000F03F");
  EXPECT_EQ(value("1e0"), "01 000000000000F03F");
  EXPECT_EQ(value("0.1"), "01 9A9999999999B93F");
  EXPECT_EQ(value("9223372036854775808"), "01 000000000000E043");  // 2^63
  EXPECT_EQ(value("1e400"), "refused at a");
}

TEST(ReadExtendedJson, ReadsBinariesInBothForms) {
  EXPECT_EQ(read(R"({"x":{"$binary":{"base64":"//8=","subType":"00"}}})"), "0F0000000578000200000000FFFF00");
  EXPECT_EQ(read(R"({"x":{"$binary":{"subType":"00","base64":"//8="}}})"), "0F0000000578000200000000FFFF00");
  EXPECT_EQ(read(R"({"x":{"$binary":"//8=","$type":"00"}})"), "0F0000000578000200000000FFFF00");
  EXPECT_EQ(read(R"({"x":{"$binary":{"base64":"","subType":"00"}}})"), "0D000000057800000000000000");
  EXPECT_EQ(read(R"({"x":{"$binary":{"base64":"c//SZESzTGmQ6OfR38A11A==","subType":"3"}}})"),
            "1D000000057800100000000373FFD26444B34C6990E8E7D1DFC035D400");
}

TEST(ReadExtendedJson, RefusesDamagedBinaries) {
  EXPECT_EQ(value(R"({"$binary":{"base64":"//8","subType":"00"}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"base64":"//8="}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"subType":"00"}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"subType":"00","subType":"00"}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"base64":"","base64":""}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"base64":"","subType":"00","x":"1"}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"base64":"","subType":""}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"base64":"","subType":"100"}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"base64":"","subType":"g0"}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":{"base64":"","subType":0}})"), "refused at a");
  EXPECT_EQ(value(R"({"$binary":""})"), "refused at a");
}

TEST(ReadExtendedJson, ReadsDatesInBothForms) {
  EXPECT_EQ(read(R"({"a":{"$date":{"$numberLong":"1356351330501"}}})"), "10000000096100C5D8D6CC3B01000000");
  EXPECT_EQ(read(R"({"a":{"$date":"2012-12-24T12:15:30.501Z"}})"), "10000000096100C5D8D6CC3B01000000");
  EXPECT_EQ(read(R"({"a":{"$date":{"$numberLong":"-284643869501"}}})"), "10000000096100C33CE7B9BDFFFFFF00");
  EXPECT_EQ(value(R"({"$date":"yesterday"})"), "refused at a");
  EXPECT_EQ(value(R"({"$date":{"$numberInt":"1"}})"), "refused at a");
}

TEST(ReadExtendedJson, ReadsAllOtherTypes) {
  EXPECT_EQ(read(R"({"a":{"$oid":"56e1fc72e0c917e9c4714161"}})"), "1400000007610056E1FC72E0C917E9C471416100");
  EXPECT_EQ(read(R"({"b":true})"), "090000000862000100");
  EXPECT_EQ(read(R"({"b":false})"), "090000000862000000");
  EXPECT_EQ(read(R"({"a":null})"), "080000000A610000");
  EXPECT_EQ(read(R"({"a":"☆☆☆☆"})"), "190000000261000D000000E29886E29886E29886E298860000");
  EXPECT_EQ(read(R"({"a":"\u2606\u2606\u2606\u2606"})"), "190000000261000D000000E29886E29886E29886E298860000");
  EXPECT_EQ(read(R"({"a":"ab\u0000bab\u0000babab"})"), "190000000261000D0000006162006261620062616261620000");
  EXPECT_EQ(read(R"({"a":[{"$numberInt":"10"}]})"), "140000000461000C0000001030000A0000000000");
  EXPECT_EQ(read(R"({"x":{"a":"b"}})"), "160000000378000E0000000261000200000062000000");
  EXPECT_EQ(read("{}"), "0500000000");
}

TEST(ReadExtendedJson, PassesOverBlanksEverywhere) {
  EXPECT_EQ(read("{ \"a\" :\n[ {\t\"$numberInt\" : \"10\" } ]\r\n}"), "140000000461000C0000001030000A0000000000");
  EXPECT_EQ(read(R"({ "x" : { "$binary" : { "base64" : "//8=" , "subType" : "00" } } })"),
            "0F0000000578000200000000FFFF00");
  EXPECT_EQ(read(R"({ "a" : { "$date" : { "$numberLong" : "0" } } })"), "10000000096100000000000000000000");
}

TEST(ReadExtendedJson, RefusesWhatDynamoDbHasNoTypeFor) {
  for (const char* text : {R"({"$timestamp":{"t":1,"i":1}})", R"({"$regularExpression":{"pattern":"","options":""}})",
                           R"({"$minKey":1})", R"({"$undefined":true})", R"({"$code":""})", R"({"$unknown":""})"}) {
    EXPECT_EQ(value(text), "refused at a") << text;
  }
  EXPECT_EQ(value(R"({"b":1,"$c":2})"), "refused at a");
  EXPECT_EQ(read(R"({"$oid":"56e1fc72e0c917e9c4714161"})"), "refused at ");
}

TEST(ReadExtendedJson, RefusesDamagedWrappers) {
  for (const char* text : {R"({"$numberInt":"2147483648"})",
                           R"({"$numberInt":"1.0"})",
                           R"({"$numberInt":""})",
                           R"({"$numberInt":1})",
                           R"({"$numberInt":" 1"})",
                           R"({"$numberInt":"1","b":2})",
                           R"({"$numberLong":"9223372036854775808"})",
                           R"({"$numberDouble":"inf"})",
                           R"({"$numberDouble":"nan"})",
                           R"({"$numberDouble":"0x1"})",
                           R"({"$numberDouble":"1.0\u0000"})",
                           R"({"$numberDouble":""})",
                           R"({"$numberDecimal":"NaN"})",
                           R"({"$numberDecimal":"Infinity"})",
                           R"({"$numberDecimal":"1E+126"})",
                           R"({"$numberDecimal":"1E-131"})",
                           R"({"$oid":"56e1fc72e0c917e9c471416"})",
                           R"({"$oid":"56e1fc72e0c917e9c47141610"})",
                           R"({"$oid":"56e1fc72e0c917e9c471416g"})",
                           R"({"$oid":"56e1fc72e0c917e9c47141-1"})"}) {
    EXPECT_EQ(value(text), "refused at a") << text;
  }
}

TEST(ReadExtendedJson, RefusesBrokenJson) {
  for (const char* text : {"",
                           "{",
                           "}",
                           "[]",
                           "5",
                           R"({"a")",
                           R"({"a":)",
                           R"({"a":1)",
                           R"({"a":1,})",
                           R"({"a":1,,"b":2})",
                           R"({,"a":1})",
                           R"({"a" 1})",
                           R"({a:1})",
                           R"({"a":[1,]})",
                           R"({"a":[1)",
                           R"({"a":[1 2]})",
                           R"({"a":tru})",
                           R"({"a":nul)",
                           R"({"a":01})",
                           R"({"a":1.})",
                           R"({"a":+1})",
                           R"({"a":.5})",
                           R"({"a":"\x"})",
                           R"({"a":"\ud800"})",
                           "{\"a\":\"\n\"}",
                           R"({"a":")",
                           R"({"a":NaN})"}) {
    EXPECT_NE(cause_of(text), "") << text;
  }
}

TEST(ReadExtendedJson, RefusesNamesThatBsonCannotHold) {
  EXPECT_EQ(read(R"({"b":{"a\u0000":1}})"), "refused at b");
  EXPECT_EQ(read(R"({"b":{"a":1,"c":2,"a":3}})"), "refused at b");
  EXPECT_EQ(read(R"({"a":1,"\u0061":2})"), "refused at ");
  EXPECT_NE(read(R"({"a":{"b":1},"b":{"a":1}})").substr(0, 7), "refused");
}

TEST(ReadExtendedJson, SaysWhereAFaultIs) {
  EXPECT_EQ(cause_of(R"({"x":1,"a.b":[0,{"c":{"$numberInt":"x"}}]})"),
            R"(a\.b.1.c | is a $numberInt that is no 32-bit integer)");
}

TEST(ReadExtendedJson, RefusesDocumentsNestedDeeperThanAServerLetsPass) {
  EXPECT_EQ(cause_of(repeated(R"({"a":)", 201) + "1" + repeated("}", 201)), "");
  EXPECT_NE(cause_of(repeated(R"({"a":)", 202) + "1" + repeated("}", 202)), "");
  EXPECT_EQ(cause_of(R"({"a":)" + repeated("[", 200) + repeated("]", 200) + "}"), "");
  EXPECT_NE(cause_of(R"({"a":)" + repeated("[", 201) + repeated("]", 201) + "}"), "");
  EXPECT_NE(cause_of(R"({"a":)" + repeated("[", 100'000) + repeated("]", 100'000) + "}"), "");
}

TEST(ReadExtendedJson, RefusesDocumentsLargerThanAServerStores) {
  constexpr std::size_t mebibyte = 1024 * 1024;
  EXPECT_EQ(cause_of(R"({"a":")" + std::string(16 * mebibyte, 'x') + R"("})"), "");  // the server's own allowance
  EXPECT_NE(cause_of(R"({"a":")" + std::string(17 * mebibyte, 'x') + R"("})"), "");
}

TEST(ReadExtendedJson, LeavesTheOutputAsItWasAfterARefusal) {
  Buffer out;
  out.append("before");
  RecordFault fault;
  const std::string text = R"({"a":1,"b":tru})" + std::string(200, '\0');
  EXPECT_EQ(read_extended_json(text.data(), out, fault), nullptr);
  EXPECT_EQ(out.view(), "before");
}

}  // namespace

}  // namespace dynatlas
