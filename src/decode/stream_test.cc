// SPDX-License-Identifier: Apache-2.0
//
// Wrappers and syntax errors as docs/file-formats.md has them. Lines and records count from 0.
#include "decode/stream.h"

#include <gtest/gtest.h>

#include <array>
#include <numeric>
#include <string>
#include <vector>

#include "decode/json.h"
#include "support/aggregate.h"
#include "support/readings.h"
#include "support/text_base64.h"

namespace dynatlas {

namespace {

using Lines = std::vector<std::string>;

Lines whole(const std::string& text, const RecordOptions& options = {}) {
  return read_stream(text, FixedRules{}, options);
}

// Cut once at each position, and at all of them.
std::vector<std::vector<std::size_t>> all_cuts(const std::string& text) {
  std::vector<std::size_t> every(text.size());
  std::iota(every.begin(), every.end(), std::size_t{1});
  std::vector<std::vector<std::size_t>> cuts;
  for (const std::size_t at : every) cuts.push_back({at});
  cuts.push_back(every);
  return cuts;
}

std::vector<std::size_t> line_begins(const std::string& text) {
  std::vector<std::size_t> begins;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') begins.push_back(i + 1);
  }
  return begins;
}

// However the text is cut, what it holds is the same.
void expect_lines(const std::string& text, const Lines& expected, const RecordOptions& options = {}) {
  SCOPED_TRACE(text);
  ASSERT_EQ(whole(text, options), expected);
  const FixedRules rules;
  for (const auto& cuts : all_cuts(text)) {
    ASSERT_EQ(read_stream(text, rules, options, cuts), expected) << "cut at " << cuts.front();
    ASSERT_EQ(read_blocks(text, rules, options, cuts), expected) << "blocks begin at " << cuts.front();
  }
  ASSERT_EQ(read_blocks(text, rules, options, line_begins(text)), expected) << "blocks of lines";
}

std::string item(const std::string& pk) { return R"({"pk":{"S":")" + pk + "\"}}"; }
std::string shown_item(int number, const std::string& pk, const std::string& table = "") {
  return std::to_string(number) + " item upsert " + table + (table.empty() ? "" : " ") + R"({"pk":")" + pk + "\"}";
}
std::string refused(int number, int line, const std::string& cause, const std::string& path = "") {
  return std::to_string(number) + " line " + std::to_string(line) + " refused " + path + " | " + cause;
}

const std::string broken = "is no valid JSON";
const std::string cut_off = "is cut off: the input ends inside of it";
const std::string cut_off_wrapper = "is a wrapper that is cut off: the input ends inside of it";
const std::string no_separator = "is a wrapper with neither ',' nor its end behind a member";
const std::string no_table = "is an item of Responses behind a syntax error: its table is not known";
const std::string no_number = "is no number as DynamoDB writes them, such as -12.5 or 1E-7";

const std::string kinesis =
    R"({"eventName":"REMOVE","tableName":"t","dynamodb":{"ApproximateCreationDateTime":5,"Keys":{"pk":{"S":"1"}}}})";
const std::string shown_kinesis = R"(kinesis remove t @5000 keys={"pk":"1"})";
const std::string shown_kinesis_9 = R"(kinesis remove t @5000 #9 keys={"pk":"1"})";
const std::string streams =
    R"({"eventName":"REMOVE","eventVersion":"1.1","dynamodb":{"ApproximateCreationDateTime":5,"Keys":{"pk":{"S":"1"}},"SequenceNumber":"8"}})";
const std::string shown_streams = R"(streams remove @5000000 #8 keys={"pk":"1"})";

// --- values

TEST(RecordStream, FindsValuesWhateverStandsBetweenThem) {
  expect_lines("", {});
  expect_lines(" \n\r\n\t", {});
  expect_lines(item("1"), {shown_item(0, "1")});
  expect_lines(item("1") + " " + item("2") + item("3") + "\r\n\n\t{\"pk\":\n {\"S\" :\n\"4\"}\n}\n" + item("5"),
               {shown_item(0, "1"), shown_item(1, "2"), shown_item(2, "3"), shown_item(3, "4"), shown_item(4, "5")});
}

TEST(RecordStream, MixesForms) {
  expect_lines(kinesis + "\n{\"Item\":" + item("1") + "}\n" + streams + "\n" + item("2"),
               {"0 " + shown_kinesis, shown_item(1, "1"), "2 " + shown_streams, shown_item(3, "2")});
}

TEST(RecordStream, CountsPoisonAndSaysWhereItStood) {
  expect_lines(item("1") + "\n7 true\n{\"a\":\n{\"M\":{\"b\":{\"N\":\"x\"}}}}\n" + item("2") + "\n\"x\"",
               {shown_item(0, "1"), refused(1, 1, "is no JSON object"), refused(2, 1, "is no JSON object"),
                refused(3, 2, no_number, "a.b"), shown_item(4, "2"), refused(5, 5, "is no JSON object")});
}

TEST(RecordStream, RefusesOnlyTheRecordThatIsNoUtf8) {
  expect_lines(
      item("1") + "\n" + item("\xFF") + "\n" + item("é") + "\n" + item("\xC3"),
      {shown_item(0, "1"), refused(1, 1, "is no valid UTF-8"), shown_item(2, "é"), refused(3, 3, "is no valid UTF-8")});
}

// --- wrappers

TEST(RecordStream, UnwrapsArrays) {
  expect_lines("[]", {});
  expect_lines("[ ]\n[\n]", {});
  expect_lines("[" + item("1") + "," + kinesis + " , {\"Item\":" + item("2") + "},7]\n" + item("3"),
               {shown_item(0, "1"), "1 " + shown_kinesis, shown_item(2, "2"), refused(3, 0, "is no JSON object"),
                shown_item(4, "3")});
  expect_lines("[[" + item("1") + "],{\"Items\":[" + item("2") + "]},{\"Records\":[" + kinesis + "]}]",
               {shown_item(0, "1"), shown_item(1, "2"), "2 " + shown_kinesis});
  expect_lines("[[[" + item("1") + "]]," + item("2") + "]",
               {refused(0, 0, "is a wrapper inside of a wrapper inside of a wrapper"), shown_item(1, "2")});
}

TEST(RecordStream, UnwrapsScansAndQueries) {
  expect_lines(R"({"Items":[)" + item("1") + "," + item("2") + R"(],"Count":2,"ScannedCount":2})",
               {shown_item(0, "1"), shown_item(1, "2")});
  expect_lines(
      "{\n  \"Count\": 1,\n  \"ConsumedCapacity\": null,\n  \"Items\": [\n    {\n      \"pk\": {\n        \"S\": "
      "\"1\"\n      }\n    }\n  ]\n}\n",
      {shown_item(0, "1")});
  expect_lines(R"({"Items":[],"Count":0})" + item("1"), {shown_item(0, "1")});
  // An item is one whatever its attributes are called.
  expect_lines(R"({"Items":[{"Item":{"S":"x"}},{"n":{"N":"x"}},7]})",
               {R"(0 item upsert {"Item":"x"})", refused(1, 0, no_number, "n"),
                refused(2, 0, "is no object of typed attributes")});
}

TEST(RecordStream, UnwrapsBatchGetItemByTable) {
  expect_lines(R"({"Responses":{"customers":[)" + item("1") + "," + item("2") + R"(],"empty":[],"ord\u0065rs":[)" +
                   item("3") + R"(]},"UnprocessedKeys":{"x":[1]}})" + "\n" + item("4"),
               {shown_item(0, "1", "customers"), shown_item(1, "2", "customers"), shown_item(2, "3", "orders"),
                shown_item(3, "4")});
  expect_lines(R"({"UnprocessedKeys":{},"Responses":{}})", {});
}

TEST(RecordStream, UnwrapsEventsAndPagesOfChanges) {
  expect_lines(R"({"Records":[)" + streams + "," + streams + R"(],"NextShardIterator":"x"})",
               {"0 " + shown_streams, "1 " + shown_streams});
  expect_lines(R"({"Records":[{"eventSource":"aws:kinesis","kinesis":{"sequenceNumber":"9","data":")" +
                   text_base64_encode(kinesis) + R"("}}]})",
               {"0 " + shown_kinesis_9});
  expect_lines(R"({"MillisBehindLatest":0,"Records":[{"SequenceNumber":"9","Data":")" + text_base64_encode(kinesis) +
                   R"(","PartitionKey":"x"},)" + item("1") + ",7]}",
               {"0 " + shown_kinesis_9, refused(1, 0, "is no change record: it has no dynamodb object"),
                refused(2, 0, "is no JSON object")});
  expect_lines(R"({"Records":[]})", {});
}

TEST(RecordStream, UnwrapsFailedBatches) {
  std::string payload;
  for (const char c : "{\"Records\":[" + streams + "," + streams + "]}")
    payload += (c == '"' ? "\\" : "") + std::string(1, c);
  const std::string batch = R"({"requestContext":{"x":1},"version":"1.0","payload":")" + payload + "\"}";
  expect_lines(item("1") + "\n" + batch + "\n" + item("2"),
               {shown_item(0, "1"), "1 " + shown_streams, "2 " + shown_streams, shown_item(3, "2")});
}

TEST(RecordStream, ForcesOneForm) {
  RecordOptions options;
  options.form = InputForm::item;
  expect_lines(
      R"({"Items":{"S":"x"}} {"Records":[]})",
      {R"(0 item upsert {"Items":"x"})", refused(1, 0, R"(is no typed value, such as {"S":"text"})", "Records")},
      options);
}

// --- syntax errors

TEST(RecordStream, ResumesAtTheLineBehindABrokenOne) {
  expect_lines(item("1") + "\n{\"pk\":{\"S\":\"2\"}\n" + item("3") + "\n",
               {shown_item(0, "1"), refused(1, 1, broken), shown_item(2, "3")});
  expect_lines("{\"pk\":{\"S\":\"1\"}\n{\"pk\":{\"S\":\"2\"}\n" + item("3"),
               {refused(0, 0, broken), refused(1, 1, broken), shown_item(2, "3")});
  expect_lines("}\r\n" + item("1"), {refused(0, 0, broken), shown_item(1, "1")});
  expect_lines(item("1") + "]\n[" + item("2") + "]", {shown_item(0, "1"), refused(1, 0, broken), shown_item(2, "2")});
}

TEST(RecordStream, ReportsWhatItPassesOver) {
  expect_lines("garbage\nmore\n\n" + item("1"), {refused(0, 0, broken), "passed over 1 to 2", shown_item(1, "1")});
  expect_lines("{\n  \"pk\": {\"S\":\"1\"\n}\n" + item("2"),
               {refused(0, 0, broken), "passed over 1 to 2", shown_item(1, "2")});
  expect_lines("{\"pk\":x\nfoo\nbar", {refused(0, 0, broken), "passed over 1 to 2"});
  expect_lines("{\"pk\":x\nfoo\nbar\n", {refused(0, 0, broken), "passed over 1 to 2"});
  expect_lines("x", {refused(0, 0, broken)});
  expect_lines("x\n", {refused(0, 0, broken)});
}

TEST(RecordStream, ResumesAtNoLineThatIsIndentedDeeper) {
  expect_lines("{\"a\":1 2\n  " + item("1") + "\n" + item("2"),
               {refused(0, 0, broken), "passed over 1 to 1", shown_item(1, "2")});
  expect_lines("  {\"a\":1 2\n   " + item("1") + "\n  " + item("2"),
               {refused(0, 0, broken), "passed over 1 to 1", shown_item(1, "2")});
  expect_lines("  {\"a\":1 2\n " + item("1") + "\n", {refused(0, 0, broken), shown_item(1, "1")});
  expect_lines("\t{\"a\":1 2\n\t\t" + item("1") + "\n\t" + item("2"),
               {refused(0, 0, broken), "passed over 1 to 1", shown_item(1, "2")});
}

TEST(RecordStream, GoesBackWhereAValueIsCutOff) {
  expect_lines(item("1") + "\n{\"pk\":", {shown_item(0, "1"), refused(1, 1, cut_off)});
  expect_lines("{\"a\":{\"L\":[\n" + item("1") + "\n", {refused(0, 0, cut_off), shown_item(1, "1")});
  expect_lines("tru", {refused(0, 0, cut_off)});
}

TEST(RecordStream, ResumesInsideOfAWrapper) {
  expect_lines(
      "{\"Items\":[\n  " + item("1") + ",\n  {\"pk\":{\"S\":\"2\"},\n  " + item("3") + "\n],\"Count\":3}\n" + item("4"),
      {shown_item(0, "1"), refused(1, 2, broken), shown_item(2, "3"), shown_item(3, "4")});
  expect_lines("[\n  " + item("1") + ",\n  {\"pk\" 2},\n  " + item("3") + "\n]\n" + item("4"),
               {shown_item(0, "1"), refused(1, 2, broken), shown_item(2, "3"), shown_item(3, "4")});
  expect_lines("{\"Records\":[\n  {\"x\" 1},\n  " + streams + "\n]}", {refused(0, 1, broken), "1 " + shown_streams});
}

TEST(RecordStream, LeavesAWrapperThatIsBrokenItself) {
  expect_lines("{\"Items\":[" + item("1") + " 5]}\n" + item("2"),
               {shown_item(0, "1"), refused(1, 0, no_separator), shown_item(2, "2")});
  expect_lines("{\"Items\":[" + item("1") + "] 5}\n" + item("2"),
               {shown_item(0, "1"), refused(1, 0, no_separator), shown_item(2, "2")});
  expect_lines("{\"Items\":[],5}\n" + item("1"),
               {refused(0, 0, "is a wrapper without a name where one must stand"), shown_item(1, "1")});
  expect_lines("{\"Items\":[],\"x\":y}\n" + item("1"),
               {refused(0, 0, "is a wrapper with a member that is no valid JSON"), shown_item(1, "1")});
}

TEST(RecordStream, SaysWhereAWrapperIsCutOff) {
  expect_lines("{\"Items\":[" + item("1"), {shown_item(0, "1"), refused(1, 0, cut_off_wrapper)});
  expect_lines("{\"Items\":[" + item("1") + "],\n", {shown_item(0, "1"), refused(1, 1, cut_off_wrapper)});
  expect_lines("[", {refused(0, 0, cut_off_wrapper)});
}

TEST(RecordStream, KeepsTheTableOfResponsesBehindASyntaxErrorWhileItIsSure) {
  expect_lines(
      "{\"Responses\":{\"customers\":[\n  {\"pk\" 1},\n  " + item("2") + "\n],\"orders\":[\n  " + item("3") +
          "\n]}}\n" + item("4"),
      {refused(0, 1, broken), shown_item(1, "2", "customers"), shown_item(2, "3", "orders"), shown_item(3, "4")});
}

TEST(RecordStream, LooksForTheNextTableOnOneLine) {
  const std::string begin = "{\"Responses\":{\"customers\":[\n  {\"pk\" 1}\n],\n";
  expect_lines(begin + "\"orders\": [\n" + item("2") + "\n",
               {refused(0, 1, broken), "passed over 2 to 3", shown_item(1, "2", "orders")});
  expect_lines(begin + "\"orders\"\n:[\n" + item("2") + "\n",
               {refused(0, 1, broken), "passed over 2 to 4", refused(1, 5, no_table)});
  // The end of a list inside of the broken item ends no table.
  expect_lines(
      "{\"Responses\":{\"customers\":[\n  {\"pk\" {\"L\":[\n    1\n    ]}},\n  " + item("2") + "\n",
      {refused(0, 1, broken), "passed over 2 to 3", shown_item(1, "2", "customers"), refused(2, 5, cut_off_wrapper)});
}

TEST(RecordStream, IsNotSureOfTheTableBehindTheEndOfItsArray) {
  expect_lines("{\"Responses\":{\"customers\":[" + item("1") + "],\"orders\":5}}\n" + item("2"),
               {shown_item(0, "1", "customers"),
                refused(1, 0, "is a wrapper with a table in Responses that is no array"), refused(2, 1, no_table)});
  expect_lines("{\"Responses\":{\"customers\":[" + item("1") + "]},\"UnprocessedKeys\":{x}}\n" + item("2"),
               {shown_item(0, "1", "customers"), refused(1, 0, "is a wrapper with a member that is no valid JSON"),
                shown_item(2, "2")});
}

// The second error lies behind the wrapper's end, which the first one hid: items of another table may follow.
TEST(RecordStream, RefusesItemsWhoseTableTwoSyntaxErrorsHid) {
  const std::string text = "{\"Responses\":{\"customers\":[\n" + item("1") + ",\n{\"pk\":{\"S\":\"2\"}\n" + item("3") +
                           "\n],\n{\"pk\" 4}\n" + item("5") + "\n" + item("6") + "\n" + item("7") + "\n";
  const Lines expected = {shown_item(0, "1", "customers"), refused(1, 2, broken),   shown_item(2, "3", "customers"),
                          refused(3, 5, broken),           refused(4, 6, no_table), refused(5, 7, no_table),
                          refused(6, 8, no_table)};
  EXPECT_EQ(whole(text), expected);
  EXPECT_EQ(read_stream(text, FixedRules{}, {}, line_begins(text)), expected);
  EXPECT_EQ(read_blocks(text, FixedRules{}, {}, line_begins(text)), expected);
}

// --- what a stream tells, and asks for

struct Told : RecordSink {
  std::vector<std::string> texts;
  std::vector<std::string> faults;
  bool refuse_all = false;

  std::optional<RecordFault> decoded(const Record&, const RecordPlace& place) override {
    texts.emplace_back(place.text);
    if (refuse_all) return RecordFault{ErrorKind::poison, "x", "is not wanted"};
    return std::nullopt;
  }
  void refused(const RecordFault& fault, const Record& known, const RecordPlace& place) override {
    faults.push_back(std::to_string(place.number) + " " + fault.path + " " + fault.cause + ": " +
                     std::string(place.text) + " of " + std::string(known.table));
  }
  void passed_over(std::uint64_t, std::uint64_t) override {}
};

struct Reading {
  FixedRules rules;
  RecordDecoder decoder{rules, {}};
  Told told;
  RecordStream stream{decoder, told};

  std::size_t read(const std::string& text, bool last) {
    const std::string padded = text + std::string(json::json_padding, '\0');
    return stream.read({padded.data(), text.size()}, last);
  }
};

TEST(RecordStream, TellsTheTextOfEachRecord) {
  Reading reading;
  reading.read("[ " + item("1") + " , {\"n\":{\"N\":\"x\"}}]\n " + item("2") + "\n", true);
  EXPECT_EQ(reading.told.texts, (std::vector<std::string>{item("1"), item("2")}));
  EXPECT_EQ(reading.told.faults, (std::vector<std::string>{"1 n " + no_number + ": {\"n\":{\"N\":\"x\"}} of "}));
}

TEST(RecordStream, GivesBackTheFaultThatItsSinkFound) {
  Reading reading;
  reading.told.refuse_all = true;
  reading.read(kinesis + "\n" + kinesis, true);
  const std::string fault = " x is not wanted: " + kinesis + " of t";
  EXPECT_EQ(reading.told.faults, (std::vector<std::string>{"0" + fault, "1" + fault}));
}

TEST(RecordStream, UsesUpWhatIsWholeAndAllOfTheLastText) {
  Reading reading;
  const std::string text = item("1") + "\n{\"pk\":";
  EXPECT_EQ(reading.read(text, false), item("1").size() + 1);
  EXPECT_EQ(reading.read(text.substr(item("1").size() + 1), false), 0U);
  EXPECT_EQ(reading.read("{\"pk\":", true), 6U);
  EXPECT_EQ(reading.stream.state().records, 2U);
}

TEST(RecordStream, SaysWhereItMayBeginAnew) {
  const auto fresh_behind = [](const std::string& text) {
    Reading reading;
    EXPECT_EQ(reading.read(text, false), text.size()) << text;
    return reading.stream.state().is_fresh();
  };
  EXPECT_TRUE(StreamState{}.is_fresh());
  EXPECT_TRUE(fresh_behind(item("1") + "\n"));
  EXPECT_TRUE(fresh_behind("[" + item("1") + "]\n"));
  EXPECT_TRUE(fresh_behind("{\"Items\":[]}\n"));
  EXPECT_FALSE(fresh_behind("[\n"));
  EXPECT_FALSE(fresh_behind("{\"Items\":[\n"));
  EXPECT_FALSE(fresh_behind("{\"Items\":[],\n"));
  EXPECT_FALSE(fresh_behind("{\"Responses\":{\"abc\":[\n"));
  EXPECT_FALSE(fresh_behind("x\n"));                                   // looks for a line to go on from
  EXPECT_FALSE(fresh_behind("{\"Items\":[\nx\n" + item("1") + "\n"));  // the wrapper's end may still come
}

TEST(RecordStream, RefusesAnElementOverSixtyFourMebibytes) {
  std::string text = "{" + std::string(element_bytes_max - 1, ' ') + std::string(json::json_padding + 1, '\0');
  Reading reading;
  EXPECT_EQ(reading.stream.read({text.data(), element_bytes_max}, false), 0U);
  EXPECT_TRUE(reading.told.faults.empty());
  text[element_bytes_max] = ' ';
  reading.stream.read({text.data(), element_bytes_max + 1}, false);
  ASSERT_EQ(reading.told.faults.size(), 1U);
  EXPECT_EQ(reading.told.faults[0].substr(0, 26), "0  is larger than 64 MiB: ");
}

// What each record is told to be read again as, and its text.
class Readings : public RecordSink {
 public:
  std::optional<RecordFault> decoded(const Record&, const RecordPlace& place) override { return note(place); }
  void refused(const RecordFault&, const Record&, const RecordPlace& place) override { note(place); }
  void passed_over(std::uint64_t, std::uint64_t) override {}

  Lines lines;

 private:
  std::optional<RecordFault> note(const RecordPlace& place) {
    constexpr std::array<const char*, 5> names = {"value", "element", "item", "lost item", "none"};
    lines.push_back(std::string(names.at(static_cast<std::size_t>(place.reading))) + " " + std::string(place.text));
    return std::nullopt;
  }
};

Lines readings(const std::string& text) {
  const FixedRules rules;
  RecordDecoder decoder(rules, {});
  Readings sink;
  RecordStream stream(decoder, sink);
  const std::string padded = text + std::string(json::json_padding, '\0');
  stream.read({padded.data(), text.size()}, true);
  return sink.lines;
}

TEST(RecordStream, SaysHowATextIsReadAgain) {
  const std::string bad = R"({"pk":5})";
  EXPECT_EQ(readings(item("1") + bad + "[" + item("2") + "]"),
            (Lines{"value " + item("1"), "value " + bad, "value " + item("2")}));
  EXPECT_EQ(readings(R"({"Items":[)" + item("1") + "," + bad + "]}"), (Lines{"item " + item("1"), "item " + bad}));
  EXPECT_EQ(readings(R"({"Responses":{"customers":[)" + item("1") + "," + bad + "]}}" + item("2")),
            (Lines{"item " + item("1"), "item " + bad, "value " + item("2")}));
  EXPECT_EQ(readings(R"({"Records":[)" + bad + "]}" + bad), (Lines{"element " + bad, "value " + bad}));
  EXPECT_EQ(readings(R"([{"Records":[)" + bad + "]}," + bad + "]"), (Lines{"element " + bad, "value " + bad}));
}

TEST(RecordStream, SaysThatATextIsReadAgainByNobody) {
  EXPECT_EQ(readings("{x\n" + item("1")), (Lines{"none {x", "value " + item("1")}));
  EXPECT_EQ(readings(R"({"Items":[)" + item("1") + "] " + item("2") + "}\n"),
            (Lines{"item " + item("1"), "none " + item("2") + "}"}));
  const std::string lost = R"({"Responses":{"customers":[)" + item("1") + "],\"orders\":5}}\n" + item("2");
  EXPECT_EQ(readings(lost).back(), "lost item " + item("2"));
}

// --- aggregated records

TEST(RecordStream, UnpacksAggregatedRecordsWhereverTheyStand) {
  const auto element = [](const std::vector<std::string>& records) {
    return R"({"kinesis":{"sequenceNumber":"9","data":")" + text_base64_encode(aggregate_of(records)) + "\"}}";
  };
  const std::string second = R"(kinesis remove t @5000 #9.1 keys={"pk":"1"})";
  const std::string three = element({kinesis, kinesis, "no JSON"});
  const std::string cause = "has data that is no JSON object of a DynamoDB change";
  const std::string event = R"({"Records":[)" + three + "," + element({}) + "]}";
  const Lines expected = {"0 " + shown_kinesis_9, "1 " + second, refused(2, 0, cause)};
  expect_lines(event, expected);
  expect_lines(three, expected);
  expect_lines("[" + event + "]", expected);
  std::string payload = event;
  for (std::size_t at = 0; (at = payload.find('"', at)) != std::string::npos; at += 2) payload.insert(at, 1, '\\');
  expect_lines(R"({"requestContext":{},"payload":")" + payload + "\"}", expected);
  expect_lines(item("a") + three + item("b"),
               {shown_item(0, "a"), "1 " + shown_kinesis_9, "2 " + second, refused(3, 0, cause), shown_item(4, "b")});
}

}  // namespace

}  // namespace dynatlas
