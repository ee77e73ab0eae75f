// SPDX-License-Identifier: Apache-2.0
//
// The contract of every port: what is found.
#include <fmt/format.h>

#include "support/port_contract.h"
#include "support/target_contract.h"

namespace dynatlas {

namespace {

using Texts = std::vector<std::string>;

TEST_P(PortReads, FindNothingWhereNothingIs) {
  EXPECT_EQ(find("{}"), Texts());
  EXPECT_EQ(find_first("{}", R"({"_id":1})", 5), Texts());
}

TEST_P(PortReads, FindWhatMatches) {
  put({R"({"_id":"a","m":{"t":1}})", R"({"_id":"b","m":{"t":2}})", R"({"_id":"c","m":{"t":3,"s":"x"}})",
       R"({"_id":"d"})"});
  const auto ids = [this](std::string_view filter) {
    std::string all;
    for (const std::string& document : find(filter, R"({"_id":1})")) all += document.substr(8, 1);
    return all;
  };
  EXPECT_EQ(ids("{}"), "abcd");
  EXPECT_EQ(ids(R"({"_id":"b"})"), "b");
  EXPECT_EQ(ids(R"({"_id":{"$in":["d","a","z"]}})"), "ad");
  EXPECT_EQ(ids(R"({"_id":{"$in":[]}})"), "");
  EXPECT_EQ(ids(R"({"m.t":{"$lt":2}})"), "a");
  EXPECT_EQ(ids(R"({"m.t":{"$lte":2}})"), "ab");
  EXPECT_EQ(ids(R"({"m.t":{"$gt":2}})"), "c");
  EXPECT_EQ(ids(R"({"m.t":{"$gte":2}})"), "bc");
  EXPECT_EQ(ids(R"({"m.t":{"$gte":2,"$lt":3}})"), "b");
  EXPECT_EQ(ids(R"({"m.s":{"$exists":true}})"), "c");
  EXPECT_EQ(ids(R"({"m.s":{"$exists":false}})"), "abd");
  EXPECT_EQ(ids(R"({"m.s":null})"), "abd");
  EXPECT_EQ(ids(R"({"$or":[{"m.t":1},{"m.s":"x"}]})"), "ac");
  EXPECT_EQ(ids(R"({"$nor":[{"m.t":1},{"m.s":"x"}]})"), "bd");
  EXPECT_EQ(ids(R"({"$and":[{"m.t":{"$gt":1}},{"m.t":{"$lt":3}}]})"), "b");
  EXPECT_EQ(ids(R"({"m":{"t":2}})"), "b") << "whole documents, field by field";
}

TEST_P(PortReads, CompareOnlyWithinAType) {
  put({R"({"_id":"text","t":"5"})", R"({"_id":"number","t":5})", R"({"_id":"date","t":{"$date":{"$numberLong":"5"}}})",
       R"({"_id":"null","t":null})", R"({"_id":"bool","t":true})"});
  EXPECT_EQ(find(R"({"t":{"$lt":6}})", R"({"_id":1})"), Texts({R"({"_id":"number"})"}));
  EXPECT_EQ(find(R"({"t":{"$lt":"6"}})", R"({"_id":1})"), Texts({R"({"_id":"text"})"}));
  EXPECT_EQ(find(R"({"t":{"$lte":{"$date":{"$numberLong":"5"}}}})", R"({"_id":1})"), Texts({R"({"_id":"date"})"}));
  EXPECT_EQ(find(R"({"t":{"$type":"number"}})", R"({"_id":1})"), Texts({R"({"_id":"number"})"}));
  EXPECT_EQ(find(R"({"t":{"$type":"string"}})", R"({"_id":1})"), Texts({R"({"_id":"text"})"}));
}

TEST_P(PortReads, TakeNumbersByValue) {
  put({R"({"_id":{"$numberInt":"1"}})", R"({"_id":{"$numberDecimal":"1.5"}})",
       R"({"_id":{"$numberLong":"5000000000"}})", R"({"_id":{"h":{"$numberInt":"2"},"r":"x"}})"});
  EXPECT_EQ(find(R"({"_id":{"$numberLong":"1"}})").size(), 1U);
  EXPECT_EQ(find(R"({"_id":{"$numberDouble":"1.0"}})").size(), 1U);
  EXPECT_EQ(find(R"({"_id":{"$numberDecimal":"1.00"}})").size(), 1U);
  EXPECT_EQ(find(R"({"_id":{"$numberDouble":"1.5"}})").size(), 1U);
  EXPECT_EQ(find(R"({"_id":{"$numberDouble":"5000000000.0"}})").size(), 1U);
  EXPECT_EQ(find(R"({"_id":{"h":{"$numberDouble":"2.0"},"r":"x"}})").size(), 1U);
  EXPECT_EQ(find(R"({"_id":{"r":"x","h":{"$numberInt":"2"}}})").size(), 0U) << "another order is another document";
  EXPECT_EQ(find(R"({"_id":"1"})").size(), 0U);
}

TEST_P(PortReads, LeaveOutWhatWasNotAskedFor) {
  put({R"({"_id":"a","v":"x","m":{"t":"1","s":"2","types":{}},"w":"y"})"});
  EXPECT_EQ(find("{}", R"({"m.t":1,"m.s":1})"), Texts({R"({"_id":"a","m":{"t":"1","s":"2"}})"}));
  EXPECT_EQ(find("{}", R"({"_id":0,"v":1})"), Texts({R"({"v":"x"})"}));
  EXPECT_EQ(find("{}", R"({"m":1})"), Texts({R"({"_id":"a","m":{"t":"1","s":"2","types":{}}})"}));
  EXPECT_EQ(find("{}", "{}").at(0), R"({"_id":"a","v":"x","m":{"t":"1","s":"2","types":{}},"w":"y"})");
}

TEST_P(PortReads, GiveTheFirstInOrder) {
  put({R"({"_id":"a","n":{"$date":{"$numberLong":"30"}}})", R"({"_id":"b","n":{"$date":{"$numberLong":"10"}}})",
       R"({"_id":"c","n":{"$date":{"$numberLong":"20"}}})", R"({"_id":"d"})"});
  const std::string due = R"({"n":{"$lte":{"$date":{"$numberLong":"30"}}}})";
  const auto found = find_first(due, R"({"n":1})", 2);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].substr(0, 10), R"({"_id":"b")");
  EXPECT_EQ(found[1].substr(0, 10), R"({"_id":"c")");
  const auto last = find_first("{}", R"({"n":-1})", 1);
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].substr(0, 10), R"({"_id":"a")");
}

// More than one reply holds.
TEST_P(PortReads, FindAllOfMany) {
  Texts documents;
  for (int i = 0; i < 3000; ++i) documents.push_back(fmt::format(R"({{"_id":"{}","v":"x"}})", i));
  put(documents);
  EXPECT_EQ(find("{}").size(), 3000U);
  EXPECT_EQ(find_first("{}", R"({"_id":1})", 2500).size(), 2500U);
  const std::string large(6'000'000, 'x');
  for (int i = 0; i < 4; ++i) put({fmt::format(R"({{"_id":"large{}","v":"{}"}})", i, large)});
  EXPECT_EQ(find(R"({"_id":{"$in":["large0","large1","large2","large3"]}})").size(), 4U);
}

TEST_P(PortReads, ShowWhatTheSessionWrote) {
  port->begin_session();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(update({{R"({"_id":"a"})", fmt::format(R"({{"v":"{}"}})", i), true}}).faults.size(), 0U);
    EXPECT_EQ(find(R"({"_id":"a"})"), Texts({fmt::format(R"({{"_id":"a","v":"{}"}})", i)}));
  }
  port->begin_session();
  EXPECT_EQ(find("{}").size(), 1U);
}

TEST_P(PortReads, RefuseWithoutTimeLeft) {
  const auto found = port->find(name, query_of("{}"), query_of("{}"), MongoPort::Limit(0));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::retry);
}

}  // namespace

}  // namespace dynatlas
