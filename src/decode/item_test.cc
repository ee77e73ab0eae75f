// SPDX-License-Identifier: Apache-2.0
//
// What is expected stands in docs/type-mapping.md.
#include "decode/item.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "decode/json.h"
#include "support/hex.h"
#include "support/readings.h"
#include "support/repeated.h"

namespace dynatlas {

namespace {

using Binary = ItemDecoder::Binary;

struct Item {
  std::string document;  // canonical Extended JSON; empty where it was refused
  std::string types;
  std::string fault;  // path | cause
  NumberCounts numbers;
};

Item decoded(const std::string& text, const ItemRules& rules = {}, Binary binary = Binary::once) {
  const std::string padded = text + std::string(json::json_padding, '\0');
  ItemDecoder decoder;
  Buffer out;
  out.append("before");
  const char* end = padded.data() + text.size();
  const char* behind = decoder.decode(padded.data(), end, rules, binary, out);
  EXPECT_EQ(out.view().substr(0, 6), "before");
  if (behind == nullptr) {
    EXPECT_EQ(out.size(), 6U) << "not left as it was";
    return {{}, {}, decoder.fault().path + " | " + decoder.fault().cause, {}};
  }
  EXPECT_EQ(behind, end) << text;
  return {elements_as_json(out.view().substr(6)), shown(decoder.types()), {}, decoder.numbers()};
}

std::string document(const std::string& text, const ItemRules& rules = {}) {
  const Item item = decoded(text, rules);
  return item.fault.empty() ? item.document : item.fault;
}

// Of the attribute "a".
std::string value(const std::string& text, const ItemRules& rules = {}, Binary binary = Binary::once) {
  const Item item = decoded("{\"a\":" + text + "}", rules, binary);
  return item.fault.empty() ? item.document.substr(5, item.document.size() - 6) : item.fault;
}

std::string fault(const std::string& text) { return decoded(text).fault; }

std::string path_of(const std::string& fault) { return fault.substr(0, fault.find(" | ")); }

std::string number(const std::string& text, NumberPolicy policy) {
  ItemRules rules;
  rules.numbers = policy;
  return value(R"({"N":")" + text + R"("})", rules);
}

std::string int32(const std::string& text) { return R"({"$numberInt":")" + text + R"("})"; }
std::string int64(const std::string& text) { return R"({"$numberLong":")" + text + R"("})"; }
std::string real(const std::string& text) { return R"({"$numberDouble":")" + text + R"("})"; }
std::string decimal(const std::string& text) { return R"({"$numberDecimal":")" + text + R"("})"; }
std::string binary(const std::string& text) { return R"({"$binary":{"base64":")" + text + R"(","subType":"00"}})"; }
std::string quoted(const std::string& text) { return '"' + text + '"'; }

TEST(DecodeItem, MapsEveryTypeOfDynamoDb) {
  EXPECT_EQ(value(R"({"S":"text"})"), R"("text")");
  EXPECT_EQ(value(R"({"S":""})"), R"("")");
  EXPECT_EQ(value(R"({"N":"7"})"), int32("7"));
  EXPECT_EQ(value(R"({"B":"AQI="})"), binary("AQI="));
  EXPECT_EQ(value(R"({"B":""})"), binary(""));
  EXPECT_EQ(value(R"({"BOOL":true})"), "true");
  EXPECT_EQ(value(R"({"BOOL":false})"), "false");
  EXPECT_EQ(value(R"({"NULL":true})"), "null");
  EXPECT_EQ(value(R"({"SS":["b","a"]})"), R"(["b","a"])");
  EXPECT_EQ(value(R"({"NS":["2","1"]})"), "[" + int32("2") + "," + int32("1") + "]");
  EXPECT_EQ(value(R"({"BS":["Ag==","AQ=="]})"), "[" + binary("Ag==") + "," + binary("AQ==") + "]");
  EXPECT_EQ(value(R"({"L":[{"S":"x"},{"L":[]},{"NULL":true}]})"), R"(["x",[],null])");
  EXPECT_EQ(value(R"({"M":{"z":{"S":"1"},"b":{"M":{}}}})"), R"({"z":"1","b":{}})");
  EXPECT_EQ(document("{}"), "{}");
}

TEST(DecodeItem, KeepsAttributesInTheOrderReceived) {
  EXPECT_EQ(document(R"({"z":{"S":"1"},"a":{"S":"2"},"m":{"S":"3"}})"), R"({"z":"1","a":"2","m":"3"})");
}

TEST(DecodeItem, ReadsBlanksAndEscapesWhereverJsonAllowsThem) {
  EXPECT_EQ(document("{ \"a\" :\n{\t\"L\" : [ { \"S\" : \"x\" } , {\"NS\" : [ \"1\" , \"2\" ] }\r\n] } , \"b\" : { "
                     "\"BOOL\" : true } }"),
            R"({"a":["x",[)" + int32("1") + "," + int32("2") + R"(]],"b":true})");
  EXPECT_EQ(
      document(R"({"\u0061":{"\u0053":"\u00e9"},"b":{"B\u004fOL":true},"c":{"N":"\u0031"},"d":{"B":"\u0041Q=="}})"),
      R"({"a":"é","b":true,"c":)" + int32("1") + R"(,"d":)" + binary("AQ==") + "}");
}

// --- strings

TEST(DecodeItem, KeepsNulAndAllOfUnicodeInStrings) {
  const std::string text = R"({"a":{"S":"a\u0000b\ud83d\udeb2☆"}})";
  const std::string padded = text + std::string(json::json_padding, '\0');
  ItemDecoder decoder;
  Buffer out;
  ASSERT_NE(decoder.decode(padded.data(), padded.data() + text.size(), {}, Binary::once, out), nullptr);
  EXPECT_EQ(to_hex(out.view()), "0261000B000000610062F09F9AB2E2988600");
}

TEST(DecodeItem, RefusesStringsWithHalfASurrogatePair) {
  for (const char* text : {R"({"S":"\ud800"})", R"({"S":"\udc00"})", R"({"S":"\ud800\u0041"})",
                           R"({"S":"\udeb2\ud83d"})", R"({"SS":["\ud800"]})", R"({"S":"\x"})", "{\"S\":\"a\nb\"}"}) {
    EXPECT_NE(decoded("{\"a\":" + std::string(text) + "}").fault, "") << text;
  }
  EXPECT_EQ(fault(R"({"a":{"S":"\ud800"}})"),
            "a | is a string with an invalid escape or control character, or without an end");
}

TEST(DecodeItem, ReadsStringsOfEveryLength) {
  for (std::size_t size = 0; size < 130; ++size)
    EXPECT_EQ(value(R"({"S":")" + std::string(size, 'x') + "\"}"), quoted(std::string(size, 'x')));
  for (const std::size_t size : {65535U, 65536U, 65537U, 409600U}) {
    EXPECT_EQ(value(R"({"S":")" + std::string(size, 'x') + "\"}"), quoted(std::string(size, 'x')));
    EXPECT_EQ(value(R"({"SS":[")" + std::string(size, 'x') + "\"]}"), "[" + quoted(std::string(size, 'x')) + "]");
    const std::string name(size, 'n');
    EXPECT_EQ(document("{\"" + name + R"(":{"S":"1"}})"), "{\"" + name + R"(":"1"})");
  }
}

// --- numbers: the table of docs/type-mapping.md

TEST(DecodeItem, WritesNumbersByThePolicy) {
  struct Row {
    const char* text;
    std::string natural, decimals, doubles, strings;
  };
  const std::vector<Row> rows = {
      {"7", int32("7"), int32("7"), real("7.0"), quoted("7")},
      {"7.0", int32("7"), int32("7"), real("7.0"), quoted("7")},
      {"7e0", int32("7"), int32("7"), real("7.0"), quoted("7")},
      {"-0", int32("0"), int32("0"), real("0.0"), quoted("0")},
      {"2147483647", int32("2147483647"), int32("2147483647"), real("2147483647.0"), quoted("2147483647")},
      {"-2147483648", int32("-2147483648"), int32("-2147483648"), real("-2147483648.0"), quoted("-2147483648")},
      {"2147483648", int64("2147483648"), int64("2147483648"), real("2147483648.0"), quoted("2147483648")},
      {"-2147483649", int64("-2147483649"), int64("-2147483649"), real("-2147483649.0"), quoted("-2147483649")},
      {"12.50", real("12.5"), decimal("12.5"), real("12.5"), quoted("12.5")},
      {"0.1", real("0.1"), decimal("0.1"), real("0.1"), quoted("0.1")},
      {"1E+125", real("1e+125"), decimal("1E+125"), real("1e+125"), quoted("1" + std::string(125, '0'))},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(number(row.text, NumberPolicy::natural), row.natural) << row.text;
    EXPECT_EQ(number(row.text, NumberPolicy::decimal), row.decimals) << row.text;
    EXPECT_EQ(number(row.text, NumberPolicy::real), row.doubles) << row.text;
    EXPECT_EQ(number(row.text, NumberPolicy::string), row.strings) << row.text;
  }
  // Zeros at both ends are stripped, so that one number is one Decimal128.
  const std::vector<std::pair<std::string, std::string>> wide = {{"12345678901234567890", "1.234567890123456789E+19"},
                                                                 {"0.1234567890123456789", "0.1234567890123456789"}};
  for (const auto& [text, expected] : wide) {
    EXPECT_EQ(number(text, NumberPolicy::natural), decimal(expected));
    EXPECT_EQ(number(text, NumberPolicy::decimal), decimal(expected));
    EXPECT_EQ(number(text, NumberPolicy::string), quoted(text));
  }
}

TEST(DecodeItem, TakesTheNextTypeWhereANumberDoesNotFit) {
  const std::map<std::string, std::string> rows = {
      {"999999999999999999", int64("999999999999999999")},  // 18 digits
      {"-999999999999999999", int64("-999999999999999999")},
      {"9223372036854775807", int64("9223372036854775807")},
      {"-9223372036854775808", int64("-9223372036854775808")},
      {"9223372036854775809", decimal("9223372036854775809")},
      {"-9223372036854775809", decimal("-9223372036854775809")},
      {"1234567890123456789012345678901234", decimal("1234567890123456789012345678901234")},        // 34 digits
      {"12345678901234567890123456789012345", quoted("12345678901234567890123456789012345")},       // 35
      {"12345678901234567890123456789012345678", quoted("12345678901234567890123456789012345678")}  // 38
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(number(text, NumberPolicy::natural), expected);
}

TEST(DecodeItem, TakesOneNumberInManyTextsForOne) {
  for (const char* text :
       {"7", "+7", "007", "7.", "7.000", ".7e1", "70E-1", "0.07e+2", "7e0", "000000000000000000000000007"})
    EXPECT_EQ(number(text, NumberPolicy::natural), int32("7")) << text;
  for (const char* text : {"0", "-0", "+0", "0.0", ".0", "0e999999999999", "-0E-999999999999"})
    EXPECT_EQ(number(text, NumberPolicy::natural), int32("0")) << text;
}

TEST(DecodeItem, RefusesWhatIsNoNumber) {
  for (const char* text :
       {"",   " ",  "-",   "+",   ".",        "e5",    ".e5",   "1e",    "1e+",     "--1",      "+-1", "1,5",
        "1 ", " 1", "0x1", "NaN", "Infinity", "1.2.3", "1e5.0", "1_000", "\\u0000", "1\\u0000", "１"}) {
    EXPECT_EQ(number(text, NumberPolicy::natural), "a | is no number as DynamoDB writes them, such as -12.5 or 1E-7")
        << text;
    EXPECT_EQ(path_of(fault(R"({"a":{"NS":["1",")" + std::string(text) + R"("]}})")), "a.1") << text;
  }
}

TEST(DecodeItem, RefusesNumbersOutOfDynamoDbsRange) {
  const std::string digits38(38, '9');
  const std::string largest = digits38 + "E+88";  // 9.99..E+125
  for (const std::string sign : {"", "-"}) {
    EXPECT_EQ(number(sign + largest, NumberPolicy::natural), quoted(sign + digits38 + std::string(88, '0')));
    EXPECT_EQ(number(sign + "1E-130", NumberPolicy::natural), real(sign + "1e-130"));
    EXPECT_EQ(number(sign + "1E+126", NumberPolicy::natural),
              "a | is a number that is beyond 9.9999999999999999999999999999999999999E+125");
    EXPECT_EQ(number(sign + "9.9E-131", NumberPolicy::natural), "a | is a number that is nearer to zero than 1E-130");
    EXPECT_EQ(number(sign + digits38 + "1", NumberPolicy::natural),
              "a | is a number that has more than 38 significant digits");
    EXPECT_EQ(number(sign + "0.1" + std::string(37, '0') + "1", NumberPolicy::natural),
              "a | is a number that has more than 38 significant digits");
  }
  const std::string thirty(30, '7');
  EXPECT_EQ(number(thirty + std::string(96, '0'), NumberPolicy::natural),
            decimal("7." + std::string(29, '7') + "E+125"));
}

TEST(DecodeItem, CountsNumbersThatMongoDbHoldsOtherwise) {
  const std::string item = R"({"a":{"N":"12345678901234567890123456789012345"},"b":{"N":"1"},"c":{"N":"0.1"},)"
                           R"("d":{"NS":["12345678901234567890123456789012345678","0.1234567890123456789"]}})";
  ItemRules rules;
  EXPECT_EQ(decoded(item).numbers.as_text, 2U);
  EXPECT_EQ(decoded(item).numbers.rounded, 0U);
  rules.numbers = NumberPolicy::real;
  EXPECT_EQ(decoded(item, rules).numbers.as_text, 0U);
  EXPECT_EQ(decoded(item, rules).numbers.rounded, 3U);
  rules.numbers = NumberPolicy::string;  // all are strings because they were asked for
  EXPECT_EQ(decoded(item, rules).numbers.as_text, 0U);
  EXPECT_EQ(decoded(item, rules).numbers.rounded, 0U);
}

TEST(DecodeItem, OverridesThePolicyForOnePath) {
  auto paths = std::make_shared<NumberPaths>();
  NumberPaths& net = paths->children["totals"].children["net"];
  net.policy = NumberPolicy::decimal;
  net.has_policy = true;
  ItemRules rules;
  rules.number_paths = paths;
  EXPECT_EQ(document(R"({"net":{"N":"0.5"},"totals":{"M":{"gross":{"N":"0.5"},"net":{"N":"0.5"}}}})", rules),
            R"({"net":)" + real("0.5") + R"(,"totals":{"gross":)" + real("0.5") + R"(,"net":)" + decimal("0.5") + "}}");
  EXPECT_EQ(document(R"({"totals":{"M":{"net":{"NS":["0.5"]}}}})", rules),
            R"({"totals":{"net":[)" + decimal("0.5") + "]}}");
  // Through maps only: neither into lists, nor below the path.
  EXPECT_EQ(document(R"({"totals":{"L":[{"M":{"net":{"N":"0.5"}}}]}})", rules),
            R"({"totals":[{"net":)" + real("0.5") + "}]}");
  EXPECT_EQ(document(R"({"totals":{"M":{"net":{"L":[{"N":"0.5"}]}}}})", rules),
            R"({"totals":{"net":[)" + real("0.5") + "]}}");
}

// --- binaries

TEST(DecodeItem, DecodesBase64OnceOrTwiceAsItIsTold) {
  EXPECT_EQ(value(R"({"B":"QVFJPQ=="})", {}, Binary::once), binary("QVFJPQ=="));
  EXPECT_EQ(value(R"({"B":"QVFJPQ=="})", {}, Binary::twice), binary("AQI="));
  EXPECT_EQ(value(R"({"BS":["QVFJPQ=="]})", {}, Binary::twice), "[" + binary("AQI=") + "]");
  EXPECT_EQ(value(R"({"B":""})", {}, Binary::twice), binary(""));
  EXPECT_EQ(value(R"({"B":"AQI="})", {}, Binary::twice),
            "a | is a binary that is no valid base64 of base64, as Kinesis delivers it (emulators encode once: "
            "source.kinesis.binary: once)");
}

TEST(DecodeItem, RefusesBinariesThatAreNoBase64) {
  for (const char* text : {"A", "AQ", "AQI", "AQ=", "=", "====", "A===", "AQI=AQI=", "AQ-_",
                           "AQ I=", " AQI=", "AQI=\\n", "AQI\\u0000", "é"}) {
    EXPECT_EQ(value(R"({"B":")" + std::string(text) + "\"}"), "a | is a binary that is no valid base64") << text;
    EXPECT_EQ(path_of(fault(R"({"a":{"BS":["AQ==",")" + std::string(text) + "\"]}}")), "a.1") << text;
  }
  EXPECT_EQ(value(R"({"B":"*"})", {}, Binary::twice), "a | is a binary that is no valid base64");
}

TEST(DecodeItem, DecodesBinariesOfEveryLength) {
  for (std::size_t groups = 0; groups < 60; ++groups) {
    const std::string text = repeated("AQID", static_cast<int>(groups));
    EXPECT_EQ(value(R"({"B":")" + text + "\"}"), binary(text));
    EXPECT_EQ(value(R"({"B":")" + text + "AQ==\"}"), binary(text + "AQ=="));
  }
  const std::string large = repeated("AQID", 65536 / 3);
  EXPECT_EQ(value(R"({"B":")" + large + "\"}"), binary(large));
}

// --- sets

TEST(DecodeItem, TagsSetsAndNumbersThatAreStrings) {
  const std::string item =
      R"({"a":{"SS":["x"]},"b":{"M":{"c.d":{"L":[{"S":""},{"NS":["1"]}]},"e\\f":{"BS":["AQ=="]}}},)"
      R"("big":{"N":"12345678901234567890123456789012345678"},)"
      R"("wide":{"NS":["1","12345678901234567890123456789012345678"]},"$s":{"SS":["x"]},"n":{"N":"1"}})";
  EXPECT_EQ(decoded(item).types, R"({"a":"SS","b.c\.d.1":"NS","b.e\\f":"BS","big":"N","wide":"NS","%24s":"SS"})");
  ItemRules rules;
  rules.sets_tagged = false;
  EXPECT_EQ(decoded(item, rules).types, R"({"big":"N","wide.1":"N"})");
  EXPECT_EQ(decoded(item, rules).document, decoded(item).document);
  EXPECT_EQ(decoded("{}").types, "{}");
}

TEST(DecodeItem, TagsEveryNumberOfThePolicyString) {
  ItemRules rules;
  rules.numbers = NumberPolicy::string;
  EXPECT_EQ(decoded(R"({"a":{"N":"1"},"b":{"L":[{"N":"2"}]},"c":{"NS":["3"]}})", rules).types,
            R"({"a":"N","b.0":"N","c":"NS"})");
}

TEST(DecodeItem, RefusesSetsThatDynamoDbHasNot) {
  EXPECT_EQ(fault(R"({"a":{"SS":[]}})"), "a | is an empty set");
  EXPECT_EQ(fault(R"({"a":{"NS":[ ]}})"), "a | is an empty set");
  EXPECT_EQ(fault(R"({"a":{"BS":[]}})"), "a | is an empty set");
  EXPECT_EQ(fault(R"({"a":{"M":{"b":{"SS":["x","y","x"]}}}})"), "a.b | is a set that holds one member twice");
  EXPECT_EQ(fault(R"({"a":{"SS":["a","\u0061"]}})"), "a | is a set that holds one member twice");
  EXPECT_EQ(fault(R"({"a":{"NS":["1","1.0"]}})"), "a | is a set that holds one member twice");
  EXPECT_EQ(fault(R"({"a":{"NS":["100","3","1E2"]}})"), "a | is a set that holds one member twice");
  EXPECT_EQ(fault(R"({"a":{"NS":["0","-0"]}})"), "a | is a set that holds one member twice");
  EXPECT_EQ(fault(R"({"a":{"BS":["AQ==","AR=="]}})"), "a | is a set that holds one member twice");  // unused bits
  EXPECT_EQ(fault(R"({"a":{"SS":["",""]}})"), "a | is a set that holds one member twice");
  EXPECT_EQ(fault(R"({"a":{"NS":["1","-1","10","0.1"]}})"), "");
  EXPECT_EQ(fault(R"({"a":{"SS":["x","X","","xx"]}})"), "");
  EXPECT_EQ(fault(R"({"a":{"SS":["x",1]}})"), "a | is a set with a member that is no JSON string");
  EXPECT_EQ(fault(R"({"a":{"NS":[1]}})"), "a | is a set with a member that is no JSON string");
  EXPECT_EQ(fault(R"({"a":{"SS":[{"S":"x"}]}})"), "a | is a set with a member that is no JSON string");
  EXPECT_EQ(fault(R"({"a":{"SS":"x"}})"), "a | is a set whose content is no array");
  EXPECT_NE(fault(R"({"a":{"SS":["x",]}})"), "");
  EXPECT_NE(fault(R"({"a":{"SS":["x" "y"]}})"), "");
}

TEST(DecodeItem, FindsAMemberTwiceInSetsOfEverySize) {
  for (const int size : {2, 15, 16, 17, 18, 300}) {
    std::string members;
    for (int i = 0; i < size; ++i) members += (i == 0 ? "\"" : ",\"") + std::to_string(1000 + i) + '"';
    for (const std::string type : {"SS", "NS", "BS"}) {  // of four digits, that are base64 too
      EXPECT_EQ(fault("{\"a\":{\"" + type + "\":[" + members + "]}}"), "") << size;
      for (const int twice : {0, size / 2, size - 1}) {
        EXPECT_EQ(fault("{\"a\":{\"" + type + "\":[" + members + ",\"" + std::to_string(1000 + twice) + "\"]}}"),
                  "a | is a set that holds one member twice")
            << size;
      }
    }
  }
}

// --- names

TEST(DecodeItem, EscapesNamesThatMongoDbCannotStoreSafely) {
  struct Row {
    const char *name, *top, *inside;
  };
  for (const Row& row : std::vector<Row>{{"$set", "%24set", "%24set"},
                                         {"a$", "a$", "a$"},
                                         {"a\\u0000b", "a%00b", "a%00b"},
                                         {"100%25", "100%2525", "100%2525"},
                                         {"100%", "100%", "100%"},
                                         {"%zz", "%zz", "%zz"},
                                         {"", "%", "%"},
                                         {"%", "%25", "%25"},
                                         {"_id", "%5Fid", "_id"},
                                         {"_dynatlas", "%5Fdynatlas", "_dynatlas"},
                                         {"_ids", "_ids", "_ids"},
                                         {"a.b", "a.b", "a.b"},
                                         {"0", "0", "0"},
                                         {"☆", "☆", "☆"}}) {
    const std::string name = row.name;
    EXPECT_EQ(document("{\"" + name + R"(":{"S":"1"}})"), "{\"" + std::string(row.top) + R"(":"1"})") << name;
    EXPECT_EQ(value(R"({"M":{")" + name + R"(":{"S":"1"}}})"), "{\"" + std::string(row.inside) + R"(":"1"})") << name;
  }
}

TEST(DecodeItem, EscapesNamesByTheRules) {
  ItemRules rules;
  rules.names.escape_dots = true;
  rules.names.metadata = "meta";
  EXPECT_EQ(document(R"({"a.b":{"M":{".":{"S":"1"}}},"meta":{"S":"2"},"_dynatlas":{"S":"3"}})", rules),
            R"({"a%2Eb":{"%2E":"1"},"%6Deta":"2","_dynatlas":"3"})");
}

TEST(DecodeItem, EscapesTheNameOfTheMetadataFieldWhateverItIs) {
  for (const std::string metadata : {"meta", "_meta", "m", "a name"}) {
    ItemRules rules;
    rules.names.metadata = metadata;
    const std::string stored = metadata[0] == '_' ? "%5F" : metadata[0] == 'm' ? "%6D" : "%61";
    EXPECT_EQ(document("{\"" + metadata + R"(":{"M":{")" + metadata + R"(":{"S":"1"}}},"other":{"S":"2"}})", rules),
              "{\"" + stored + metadata.substr(1) + R"(":{")" + metadata + R"(":"1"},"other":"2"})");
  }
}

TEST(DecodeItem, RefusesANameTwiceInOneMap) {
  EXPECT_EQ(fault(R"({"a":{"S":"1"},"b":{"S":"2"},"a":{"S":"3"}})"), "a | stands twice in one map");
  EXPECT_EQ(fault(R"({"a":{"S":"1"},"\u0061":{"S":"1"}})"), "a | stands twice in one map");
  EXPECT_EQ(fault(R"({"x":{"L":[{"M":{"b":{"S":"1"},"b":{"S":"1"}}}]}})"), "x.0.b | stands twice in one map");
  EXPECT_EQ(fault(R"({"":{"S":"1"},"":{"S":"1"}})"), "% | stands twice in one map");
  EXPECT_EQ(fault(R"({"a":{"M":{"a":{"S":"1"}}},"b":{"M":{"a":{"S":"1"}}},"A":{"S":"1"}})"), "");
}

TEST(DecodeItem, FindsANameTwiceInMapsOfEverySize) {
  for (const int size : {2, 64, 127, 128, 129, 130, 500}) {
    for (const std::string stem : {"n", "a name of many bytes, all of which but the last few are the same "}) {
      std::string names;
      for (int i = 0; i < size; ++i) names += (i == 0 ? "\"" : ",\"") + stem + std::to_string(i) + "\":{\"NULL\":true}";
      EXPECT_EQ(fault("{" + names + "}"), "") << size;
      for (const int twice : {0, size / 2, size - 1}) {
        const std::string more = ",\"" + stem + std::to_string(twice) + "\":{\"NULL\":true}";
        EXPECT_NE(fault("{" + names + more + "}"), "") << size << " " << twice;
        EXPECT_NE(fault(R"({"a":{"M":{)" + names + more + "}}}"), "") << size << " " << twice;
      }
    }
  }
}

// --- nesting and size

TEST(DecodeItem, RefusesMoreThanNinetyNineNestedListsAndMaps) {
  for (const int depth : {1, 32, 33, 98, 99}) {
    EXPECT_EQ(value(repeated(R"({"L":[)", depth) + repeated("]}", depth)), repeated("[", depth) + repeated("]", depth));
    EXPECT_EQ(value(repeated(R"({"M":{"m":)", depth) + R"({"S":""})" + repeated("}}", depth)),
              repeated(R"({"m":)", depth) + R"("")" + repeated("}", depth));
  }
  const std::string cause = " | is nested in more than 99 lists and maps";
  EXPECT_EQ(value(repeated(R"({"L":[)", 100) + repeated("]}", 100)), "a" + repeated(".0", 99) + cause);
  EXPECT_EQ(value(repeated(R"({"M":{"m":)", 100) + R"({"S":""})" + repeated("}}", 100)),
            "a" + repeated(".m", 99) + cause);
  EXPECT_EQ(value(repeated(R"({"M":{"m":{"L":[)", 50) + repeated("]}}}", 50)),
            "a" + repeated(".m.0", 49) + ".m" + cause);
  EXPECT_EQ(path_of(value(repeated(R"({"L":[)", 100'000))), "a" + repeated(".0", 99));
  // A set is neither.
  EXPECT_NE(value(repeated(R"({"L":[)", 99) + R"({"SS":["x"]})" + repeated("]}", 99)).find(R"(["x"])"),
            std::string::npos);
}

TEST(DecodeItem, RefusesDocumentsOverSixteenMebibytes) {
  constexpr std::size_t mebibyte = 1024 * 1024;
  const std::string half(8 * mebibyte, 'x');
  EXPECT_EQ(fault(R"({"a":{"S":")" + half + R"("},"b":{"S":"small"}})"), "");
  EXPECT_EQ(fault(R"({"a":{"S":")" + half + R"("},"b":{"S":")" + half + R"("},"c":{"S":""}})"),
            " | makes the document larger than 16 MiB, which MongoDB cannot store");
}

// --- what is no item

TEST(DecodeItem, RefusesValuesWithNoOneTypeKey) {
  const std::string none = " | has none of the type keys S, N, B, BOOL, NULL, SS, NS, BS, L, M";
  const std::map<std::string, std::string> rows = {{R"({})", " | has no type key"},
                                                   {R"({"S":"x","N":"1"})", " | has more than one type key"},
                                                   {R"({"S":"x","S":"x"})", " | has more than one type key"},
                                                   {R"({"X":"x"})", none},
                                                   {R"({"s":"x"})", none},
                                                   {R"({"":"x"})", none},
                                                   {R"({"SSS":["x"]})", none},
                                                   {R"({"BOO":true})", none},
                                                   {R"({"BOOLE":true})", none},
                                                   {R"({"NULLS":true})", none},
                                                   {R"({"S ":"x"})", none},
                                                   {R"("x")", R"( | is no typed value, such as {"S":"text"})"},
                                                   {"7", R"( | is no typed value, such as {"S":"text"})"},
                                                   {"null", R"( | is no typed value, such as {"S":"text"})"},
                                                   {R"([{"S":"x"}])", R"( | is no typed value, such as {"S":"text"})"}};
  for (const auto& [text, cause] : rows) {
    EXPECT_EQ(value(text), "a" + cause) << text;
    EXPECT_EQ(value(R"({"L":[{"S":""},)" + text + "]}"), "a.1" + cause) << text;
    EXPECT_EQ(value(R"({"M":{"b.c":)" + text + "}}"), R"(a.b\.c)" + cause) << text;
  }
}

TEST(DecodeItem, RefusesContentOfAnotherKind) {
  for (const char* text :
       {R"({"S":1})", R"({"S":null})", R"({"N":1})", R"({"N":-1.5})", R"({"B":1})", R"({"BOOL":"true"})",
        R"({"BOOL":1})", R"({"BOOL":null})", R"({"NULL":false})", R"({"NULL":"true"})", R"({"NULL":null})",
        R"({"L":{}})", R"({"L":"x"})", R"({"M":[]})", R"({"M":null})", R"({"S":["x"]})", R"({"SS":{}})"}) {
    EXPECT_EQ(path_of(value(text)), "a") << text;
  }
  EXPECT_EQ(value(R"({"N":1})"), "a | is a number whose text is not in quotes");
  EXPECT_EQ(value(R"({"NULL":false})"), "a | is a NULL other than true");
}

TEST(DecodeItem, RefusesWhatIsNoObjectOfAttributes) {
  for (const char* text : {"", "[]", "7", R"("x")", "null"})
    EXPECT_EQ(fault(text), " | is no object of typed attributes") << text;
}

TEST(DecodeItem, RefusesItemsThatAreCutOffAnywhere) {
  const std::string whole =
      R"({"a":{"S":"x\n"},"b":{"L":[{"N":"1"},{"B":"AQ=="}]},"c":{"M":{"d":{"BOOL":true}}},"e":{"NS":["1","2"]},"f":{"NULL":true}})";
  ASSERT_EQ(fault(whole), "");
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_NE(fault(whole.substr(0, size)), "") << size;
}

TEST(DecodeItem, RefusesBrokenJson) {
  for (const char* text :
       {R"({"a":{"S":"x"},})", R"({,"a":{"S":"x"}})", R"({"a" {"S":"x"}})", R"({"a":{"S" "x"}})",
        R"({"a":{"S":"x"} "b":{"S":"x"}})", R"({a:{"S":"x"}})", R"({"a":{S:"x"}})", R"({"a":{"L":[{"S":"x"},]}})",
        R"({"a":{"L":[{"S":"x"} {"S":"x"}]}})", R"({"a":{"M":{"b":{"S":"x"},}}})", R"({"a":{"L":[{"S":"x"}}]})",
        R"({"a":{"BOOL":trux}})", R"({"a\x":{"S":"x"}})", R"({"\ud800":{"S":"x"}})", "{\"a\nb\":{\"S\":\"x\"}}"}) {
    EXPECT_NE(fault(text), "") << text;
  }
}

TEST(DecodeItem, StopsBehindTheItem) {
  const std::string text = R"({"a":{"S":"x"}} ,{"b")" + std::string(json::json_padding, '\0');
  ItemDecoder decoder;
  Buffer out;
  EXPECT_EQ(
      decoder.decode(text.data(), text.data() + text.size() - json::json_padding, {}, Binary::once, out) - text.data(),
      15);
  EXPECT_EQ(elements_as_json(out.view()), R"({"a":"x"})");
}

TEST(DecodeItem, ForgetsTheItemBefore) {
  const auto padded = [](const std::string& text) { return text + std::string(json::json_padding, '\0'); };
  const std::string wide = padded(R"({"a":{"SS":["x"]},"n":{"N":"12345678901234567890123456789012345678"}})");
  const std::string broken = padded(R"({"b":{"M":{"c":{"L":[{"NS":["1","x"]}]}}}})");
  const std::string plain = padded(R"({"a":{"S":"x"},"b":{"S":"y"}})");
  ItemDecoder decoder;
  Buffer out;
  const auto decode = [&](const std::string& text) {
    out.clear();
    return decoder.decode(text.data(), text.data() + text.size() - json::json_padding, {}, Binary::once, out) !=
           nullptr;
  };
  EXPECT_TRUE(decode(wide));
  EXPECT_FALSE(decode(broken));
  EXPECT_EQ(decoder.fault().path, "b.c.0.1");
  EXPECT_TRUE(decode(plain));
  EXPECT_EQ(elements_as_json(out.view()), R"({"a":"x","b":"y"})");
  EXPECT_EQ(shown(decoder.types()), "{}");
  EXPECT_EQ(decoder.numbers().as_text, 0U);
}

// --- keys

// The keys as one document, or path | cause.
std::string keys(const std::string& text, Binary binary = Binary::once) {
  const std::string padded = text + std::string(json::json_padding, '\0');
  ItemDecoder decoder;
  std::vector<KeyAttribute> keys(2);  // what was there is overwritten
  keys[0].name = keys[1].name = "old";
  const char* behind = decoder.decode_keys(padded.data(), padded.data() + text.size(), binary, keys);
  if (behind == nullptr) return decoder.fault().path + " | " + decoder.fault().cause;
  EXPECT_EQ(behind, padded.data() + text.size());
  Buffer out;
  for (const KeyAttribute& key : keys) append_element(out, key.type, key.name, key.value);
  return elements_as_json(out.view());
}

TEST(DecodeKeys, ReadsOneOrTwoScalarsInTheOrderReceived) {
  EXPECT_EQ(keys(R"({"pk":{"S":"1"}})"), R"({"pk":"1"})");
  EXPECT_EQ(keys(R"({ "sk" : {"N":"2"} , "pk" : {"B":"AQ=="} })"),
            R"({"sk":)" + int32("2") + R"(,"pk":)" + binary("AQ==") + "}");
  EXPECT_EQ(keys(R"({"\u0070k":{"S":"\u0031"}})"), R"({"pk":"1"})");
  EXPECT_EQ(keys(R"({"pk":{"B":"QVE9PQ=="}})", Binary::twice), R"({"pk":)" + binary("AQ==") + "}");
}

// MongoDB rounds a double before it compares it with a decimal.
TEST(DecodeKeys, NeverMakesADouble) {
  const std::map<std::string, std::string> rows = {
      {"7.0", int32("7")},
      {"2147483648", int64("2147483648")},
      {"0.5", decimal("0.5")},
      {"1E+125", decimal("1E+125")},
      {"12345678901234567890123456789012345678", quoted("12345678901234567890123456789012345678")}};
  for (const auto& [text, expected] : rows)
    EXPECT_EQ(keys(R"({"pk":{"N":")" + text + R"("}})"), R"({"pk":)" + expected + "}");
}

TEST(DecodeKeys, RefusesWhatIsNoKey) {
  EXPECT_EQ(keys(R"({"pk":{"S":""}})"), "Keys.pk | is an empty key value");
  EXPECT_EQ(keys(R"({"pk":{"S":"1"},"sk":{"B":""}})"), "Keys.sk | is an empty key value");
  for (const char* text : {R"({"BOOL":true})", R"({"NULL":true})", R"({"SS":["x"]})", R"({"L":[]})", R"({"M":{}})"})
    EXPECT_EQ(keys("{\"pk\":" + std::string(text) + "}"),
              "Keys.pk | is a key attribute of a type other than S, N and B")
        << text;
  EXPECT_EQ(keys(R"({"pk":{"N":"x"}})"), "Keys.pk | is no number as DynamoDB writes them, such as -12.5 or 1E-7");
  EXPECT_EQ(keys(R"({"pk":{"X":"x"}})"), "Keys.pk | has none of the type keys S, N, B, BOOL, NULL, SS, NS, BS, L, M");
  EXPECT_EQ(keys("{}"), "Keys | holds no key attribute");
  EXPECT_EQ(keys(R"({"a":{"S":"1"},"b":{"S":"1"},"c":{"S":"1"}})"), "Keys | holds more than two key attributes");
  EXPECT_EQ(keys(R"({"a":{"S":"1"},"a":{"S":"1"}})"), "Keys | holds one name twice");
  for (const char* text : {"[]", "7", "null", "\"x\""}) EXPECT_EQ(keys(text), "Keys | is no object") << text;
  for (const char* text : {"{", R"({"pk")", R"({"pk":)", R"({"pk":{"S":"1")", R"({"pk":{"S":"1"})",
                           R"({"pk":{"S":"1"},)", R"({"pk":{"S":"1"},})"})
    EXPECT_EQ(keys(text).substr(0, 4), "Keys") << text;
}

TEST(DecodeKeys, KeepsTheTypedValueAsItWasReceived) {
  const std::string text = R"({"pk": { "N" : "7.0" } })" + std::string(json::json_padding, '\0');
  ItemDecoder decoder;
  std::vector<KeyAttribute> keys;
  ASSERT_NE(decoder.decode_keys(text.data(), text.data() + text.size() - json::json_padding, Binary::once, keys),
            nullptr);
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].json, R"({ "N" : "7.0" })");
}

TEST(WatchKeys, FindsWhereTheValuesOfTopLevelAttributesBegin) {
  const std::string text =
      R"({"x":{"M":{"pk":{"S":"no"}}},"_id":{"S":"2"},"pk": {"S":"1"}})" + std::string(json::json_padding, '\0');
  ItemDecoder decoder;
  Buffer out;
  const auto decode = [&](const std::vector<std::string>& names) {
    decoder.watch_keys(names, {});
    ASSERT_NE(decoder.decode(text.data(), text.data() + text.size() - json::json_padding, {}, Binary::once, out),
              nullptr);
  };
  decode({"pk", "_id"});
  EXPECT_EQ(decoder.key_at(0), text.data() + text.find(R"({"S":"1"})"));
  EXPECT_EQ(decoder.key_at(1), text.data() + text.find(R"({"S":"2"})"));
  decode({"absent"});
  EXPECT_EQ(decoder.key_at(0), nullptr);
  EXPECT_EQ(decoder.key_at(1), nullptr);
}

TEST(WatchKeys, LeavesKeyFieldsExactWhereTheRulesSaySo) {
  const std::string text = R"({"pk":{"N":"0.5"},"n":{"N":"0.5"}})" + std::string(json::json_padding, '\0');
  ItemRules rules;
  rules.exact_key_fields = true;
  ItemDecoder decoder;
  decoder.watch_keys({"pk"}, rules.names);
  Buffer out;
  ASSERT_NE(decoder.decode(text.data(), text.data() + text.size() - json::json_padding, rules, Binary::once, out),
            nullptr);
  EXPECT_EQ(elements_as_json(out.view()), R"({"pk":)" + decimal("0.5") + R"(,"n":)" + real("0.5") + "}");
}

}  // namespace

}  // namespace dynatlas
