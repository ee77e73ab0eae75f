// SPDX-License-Identifier: Apache-2.0
#include "decode/item_text.h"

#include <gtest/gtest.h>

#include <string>

#include "change/bson.h"
#include "support/hex.h"
#include "support/way_back.h"

namespace dynatlas {

namespace {

// The item of a document given as Extended JSON, or the refusal's path.
std::string item(std::string_view extended_json) {
  std::string cause;
  const auto bson = bson_of(extended_json, cause);
  if (!bson) return "the test is wrong: " + cause;
  const auto text = item_of(*bson, cause);
  return text ? *text : "refused at " + cause.substr(0, cause.find(" |"));
}

std::string item_of_hex(std::string_view hex) {
  std::string cause;
  const auto text = item_of(from_hex(hex), cause);
  return text ? *text : "refused at " + cause.substr(0, cause.find(" |"));
}

std::string cause_of_hex(std::string_view hex) {
  std::string cause;
  return item_of(from_hex(hex), cause) ? "" : cause;
}

TEST(ItemText, WritesEachTypeAsDynamoDbNamesIt) {
  EXPECT_EQ(item(R"({"s":"x","n":1,"t":true,"f":false,"z":null,"l":[1,"y",[]],"m":{"a":{}},)"
                 R"("b":{"$binary":{"base64":"AQI=","subType":"00"}}})"),
            R"({"s":{"S":"x"},"n":{"N":"1"},"t":{"BOOL":true},"f":{"BOOL":false},"z":{"NULL":true},)"
            R"("l":{"L":[{"N":"1"},{"S":"y"},{"L":[]}]},"m":{"M":{"a":{"M":{}}}},"b":{"B":"AQI="}})");
  EXPECT_EQ(item("{}"), "{}");
}

TEST(ItemText, PrintsNumbersOfEveryTypeAsDynamoDbDoes) {
  EXPECT_EQ(item(R"({"a":{"$numberLong":"-9223372036854775808"},"b":{"$numberDouble":"12.50"},)"
                 R"("c":{"$numberDecimal":"1E+3"},"d":{"$numberDouble":"1e+25"},"e":{"$numberDouble":"-0.0"},)"
                 R"("f":{"$numberDouble":"1e-7"}})"),
            R"({"a":{"N":"-9223372036854775808"},"b":{"N":"12.5"},"c":{"N":"1000"},)"
            R"("d":{"N":"10000000000000000000000000"},"e":{"N":"0"},"f":{"N":"0.0000001"}})");
}

TEST(ItemText, RefusesNumbersThatDynamoDbDoesNotHold) {
  for (const char* number :
       {R"({"$numberDouble":"NaN"})", R"({"$numberDouble":"-Infinity"})", "1e126", "1e-131", "-1e300"}) {
    EXPECT_EQ(item(std::string(R"({"x":{"a":)") + number + "}}"), "refused at x.a") << number;
  }
  EXPECT_EQ(item_of_hex("18000000136400 0000000000000000000000000000007C 00"), "refused at d");  // NaN
}

TEST(ItemText, LeavesOutTheIdAndTheMetadataAtTheTopOnly) {
  EXPECT_EQ(item(R"({"_id":{"$oid":"56e1fc72e0c917e9c4714161"},"a":{"_id":1,"_dynatlas":2},"_dynatlas":{"s":""}})"),
            R"({"a":{"M":{"_id":{"N":"1"},"_dynatlas":{"N":"2"}}}})");
}

TEST(ItemText, LeavesOutAnIdOfAnyType) {
  EXPECT_EQ(item_of_hex("1B000000 115F696400 2A00000015CD5B07 026100 02000000 7800 00"), R"({"a":{"S":"x"}})");
}

TEST(ItemText, TakesTheMetadataFieldByTheNameThatItIsGiven) {
  std::string cause;
  const auto bson = bson_of(R"({"a":["x"],"_meta":{"types":{"a":"SS"}},"_dynatlas":1})", cause);
  Buffer out;
  ASSERT_TRUE(ItemTextWriter("_meta").write(*bson, out));
  EXPECT_EQ(out.view(), R"({"a":{"SS":["x"]},"_dynatlas":{"N":"1"}})");
}

TEST(ItemText, RestoresSetsByTheirPaths) {
  EXPECT_EQ(
      item(R"({"a":["x","y"],"b":{"c":[1,0.5]},"d":[[{"$binary":{"base64":"","subType":"00"}}]],"e":["z"],)"
           R"("_dynatlas":{"types":{"a":"SS","b.c":"NS","d.0":"BS"}}})"),
      R"({"a":{"SS":["x","y"]},"b":{"M":{"c":{"NS":["1","0.5"]}}},"d":{"L":[{"BS":[""]}]},"e":{"L":[{"S":"z"}]}})");
}

TEST(ItemText, RestoresNumbersKeptAsStrings) {
  EXPECT_EQ(item(R"({"a":"1E+2","b":["7"],"c":["8","9"],"d":"10",)"
                 R"("_dynatlas":{"types":{"a":"N","b.0":"N","c":"NS"}}})"),
            R"({"a":{"N":"100"},"b":{"L":[{"N":"7"}]},"c":{"NS":["8","9"]},"d":{"S":"10"}})");
  EXPECT_EQ(item(R"({"a":"seven","_dynatlas":{"types":{"a":"N"}}})"), "refused at a");
}

TEST(ItemText, FindsTypesByStoredNamesWithDotsEscaped) {
  EXPECT_EQ(item(R"({"a.b":["x"],"a":{"b":["y"]},"%24c":{"d\\":["z"]},)"
                 R"("_dynatlas":{"types":{"a\\.b":"SS","%24c.d\\\\":"SS"}}})"),
            R"({"a.b":{"SS":["x"]},"a":{"M":{"b":{"L":[{"S":"y"}]}}},"$c":{"M":{"d\\":{"SS":["z"]}}}})");
}

TEST(ItemText, TakesAStaleTypeOfAValueThatIsNoArrayForNone) {
  EXPECT_EQ(item(R"({"a":"x","b":1,"_dynatlas":{"types":{"a":"SS","b":"N","gone":"NS"}}})"),
            R"({"a":{"S":"x"},"b":{"N":"1"}})");
}

TEST(ItemText, RefusesSetsThatDynamoDbDoesNotHold) {
  EXPECT_EQ(item(R"({"a":[],"_dynatlas":{"types":{"a":"SS"}}})"), "refused at a");
  EXPECT_EQ(item(R"({"a":["x","y","x"],"_dynatlas":{"types":{"a":"SS"}}})"), "refused at a");
  EXPECT_EQ(item(R"({"a":[1,{"$numberDouble":"1.0"}],"_dynatlas":{"types":{"a":"NS"}}})"), "refused at a");
  EXPECT_EQ(item(R"({"a":[1,"x"],"_dynatlas":{"types":{"a":"NS"}}})"), "refused at a.1");
  EXPECT_EQ(item(R"({"a":["x",1],"_dynatlas":{"types":{"a":"SS"}}})"), "refused at a.1");
  EXPECT_EQ(item(R"({"a":["x"],"_dynatlas":{"types":{"a":"BS"}}})"), "refused at a.0");
  EXPECT_EQ(item(R"({"a":[["x"]],"_dynatlas":{"types":{"a":"SS"}}})"), "refused at a.0");
}

TEST(ItemText, UnescapesNames) {
  EXPECT_EQ(
      item(R"({"%5Fid":1,"%5Fdynatlas":2,"%24set":3,"100%2525":4,"%25":5,"a%2Eb":6,"a%00b":7,"100%":8,"%zz":9,)"
           R"("m":{"%":10}})"),
      R"({"_id":{"N":"1"},"_dynatlas":{"N":"2"},"$set":{"N":"3"},"100%25":{"N":"4"},"%":{"N":"5"},"a.b":{"N":"6"},)"
      R"("a\u0000b":{"N":"7"},"100%":{"N":"8"},"%zz":{"N":"9"},"m":{"M":{"":{"N":"10"}}}})");
}

TEST(ItemText, RefusesNamesThatBecomeOne) {
  EXPECT_EQ(item(R"({"m":{"a.b":1,"a%2Eb":2}})"), "refused at m");
  EXPECT_EQ(item_of_hex("13000000 106100 01000000 106100 02000000 00"), "refused at ");
}

TEST(ItemText, WritesNothingForASoftDeletedDocument) {
  EXPECT_EQ(item(R"({"_id":"a","a":"x","_dynatlas":{"deleted":true}})"), "");
  EXPECT_EQ(item(R"({"_id":"a","a":"x","_dynatlas":{"deleted":false}})"), R"({"a":{"S":"x"}})");
}

TEST(ItemText, RefusesMetadataThatIsNone) {
  EXPECT_EQ(item(R"({"_dynatlas":1})"), "refused at _dynatlas");
  EXPECT_EQ(item(R"({"_dynatlas":{"types":["a"]}})"), "refused at _dynatlas.types");
  EXPECT_EQ(item(R"({"_dynatlas":{"types":{"a":"S"}}})"), "refused at _dynatlas.types");
  EXPECT_EQ(item(R"({"_dynatlas":{"types":{"a":1}}})"), "refused at _dynatlas.types");
}

TEST(ItemText, RefusesTypesThatDynamoDbHasNot) {
  EXPECT_EQ(item(R"({"x":{"a":{"$date":"2012-12-24T12:15:30.501Z"}}})"), "refused at x.a");
  EXPECT_EQ(item(R"({"x":[{"$oid":"56e1fc72e0c917e9c4714161"}]})"), "refused at x.0");
  // The specification's own examples: source/bson-corpus/tests.
  EXPECT_EQ(
      cause_of_hex("0A0000000B6100000000"),
      "a | is a regular expression, for which DynamoDB has no type: leave the field out or store it as a string or "
      "binary first");
  for (const char* hex :
       {"100000001161002A00000015CD5B0700", "08000000FF610000", "080000007F610000", "0800000006610000",
        "0E0000000D610002000000620000", "0E0000000E610002000000620000",
        "1A0000000C610002000000620056E1FC72E0C917E9C471416100", "160000000F61000E0000000100000000 0500000000 00"}) {
    EXPECT_EQ(item_of_hex(hex), "refused at a") << hex;
  }
}

TEST(ItemText, RefusesTextThatIsNoUtf8) {
  EXPECT_EQ(item_of_hex("0E000000 02 6100 02000000 FF00 00"), "refused at a");
  EXPECT_EQ(item_of_hex("0C000000 10 FF00 01000000 00").substr(0, 7), "refused");
  EXPECT_EQ(item(R"({"a%FF":1})"), "refused at a%FF");  // escaped by nobody
}

TEST(ItemText, RefusesDamagedDocuments) {
  for (const char* hex : {
           "",
           "0500",
           "0400000000",
           "0600000000",
           "0500000001",                         // ends without NUL
           "0C00000010610001000000FF",           // the same, with an element
           "0B000000106100010000 00",            // an int32 of three bytes
           "0E000000 02 6100 03000000 7800 00",  // a string that is longer than the document
           "0E000000 02 6100 00000000 7800 00",  // a string of no bytes
           "0E000000 02 6100 FFFFFF7F 7800 00",  // a string of 2 GiB
           "0E000000 02 6100 02000000 7878 00",  // a string without its NUL
           "0D000000 05 6100 01000000 00 00",    // a binary that is longer than the document
           "0D000000 05 6100 FFFFFFFF 00 00",    // a binary of -1 bytes
           "0D000000 03 6100 04000000 00 00",    // a document of four bytes
           "0D000000 03 6100 06000000 00 00",    // a document that is longer than its parent
           "0D000000 03 6100 05000000 01 00",    // a document without its NUL
           "08000000 14 6100 00",                // no such type
           "08000000 0A 6161 61",                // a name without end
           "0B0000000A5F696400 10 00",           // behind a good element
       }) {
    EXPECT_EQ(item_of_hex(hex).substr(0, 7), "refused") << hex;
  }
}

TEST(ItemText, SaysWhereADocumentIsDamaged) {
  // {"a":{"b":"x"}} whose string says that it has 9 bytes
  EXPECT_EQ(item_of_hex("16000000 03 6100 0E000000 02 6200 09000000 7800 00 00"), "refused at a");
}

TEST(ItemText, RefusesBinariesOfTheOldSubtype) {
  EXPECT_EQ(item_of_hex("13000000 05 7800 06000000 02 02000000FFFF 00"), "refused at x");
}

TEST(ItemText, RefusesDocumentsNestedDeeperThanAServerLetsPass) {
  const auto nested = [](BsonType type, int levels) {
    std::string document = from_hex("0500000000");
    for (int i = 0; i < levels; ++i) {
      Buffer out;
      OpenDocument open(out);
      append_element(out, i + 1 == levels ? BsonType::document : type, "0", document);
      open.close();
      document = out.view();
    }
    std::string cause;
    return item_of(document, cause).has_value();
  };
  EXPECT_TRUE(nested(BsonType::document, 200));
  EXPECT_FALSE(nested(BsonType::document, 201));
  EXPECT_TRUE(nested(BsonType::array, 200));
  EXPECT_FALSE(nested(BsonType::array, 201));
  EXPECT_FALSE(nested(BsonType::array, 2'000));
}

TEST(ItemText, LeavesTheOutputAsItWasAfterARefusalAndGoesOn) {
  std::string cause;
  ItemTextWriter writer("_dynatlas");
  Buffer out;
  out.append("before");
  EXPECT_FALSE(writer.write(*bson_of(R"({"a":{"b":["x",1]},"_dynatlas":{"types":{"a.b":"SS"}}})", cause), out));
  EXPECT_EQ(out.view(), "before");
  ASSERT_TRUE(writer.write(*bson_of(R"({"a":{"b":["x"]}})", cause), out));
  EXPECT_EQ(out.view(), R"(before{"a":{"M":{"b":{"L":[{"S":"x"}]}}}})");
}

}  // namespace

}  // namespace dynatlas
