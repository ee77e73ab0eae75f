// SPDX-License-Identifier: Apache-2.0
#include "decode/lambda_event.h"

#include <gtest/gtest.h>

#include "support/lambda_events.h"

namespace dynatlas {
namespace {

std::string refusal_of(const std::string& text) {
  const auto event = LambdaEvent::read(text);
  if (event) return "is taken";
  EXPECT_EQ(event.error().kind, ErrorKind::usage);
  return event.error().message;
}

TEST(LambdaEvent, IsCutIntoItsKinesisRecords) {
  const std::string first = kinesis_element("111");
  auto read = LambdaEvent::read(event_of({first, kinesis_element("222")}));
  ASSERT_TRUE(read);
  const LambdaEvent event = *std::move(read);  // moving leaves the views right
  EXPECT_EQ(event.kind(), LambdaEvent::Kind::records);
  ASSERT_EQ(event.records().size(), 2U);
  EXPECT_EQ(event.records()[0].text, first);
  EXPECT_EQ(event.records()[0].sequence, "111");
  EXPECT_EQ(event.records()[0].shard, "shardId-000000000007");
  EXPECT_EQ(event.records()[0].stream, test_stream);
  EXPECT_EQ(event.records()[1].sequence, "222");
  EXPECT_EQ(event.window_state(), "");
}

TEST(LambdaEvent, IsCutIntoItsRecordsOfDynamodb) {
  const auto event = LambdaEvent::read(
      R"({"Records":[{"eventID":"1:2","eventSource":"aws:dynamodb","eventSourceARN":"arn:s","dynamodb":{"SequenceNumber":"0042"}}]})");
  ASSERT_TRUE(event);
  ASSERT_EQ(event->records().size(), 1U);
  EXPECT_EQ(event->records()[0].sequence, "0042");  // as received: a failure is told by it
  EXPECT_EQ(event->records()[0].shard, "");
  EXPECT_EQ(event->records()[0].stream, "arn:s");
}

TEST(LambdaEvent, MayBeEmpty) {
  const auto event = LambdaEvent::read(R"( {"Records": [ ] } )");
  ASSERT_TRUE(event);
  EXPECT_TRUE(event->records().empty());
}

TEST(LambdaEvent, HasTheStateOfItsWindow) {
  const std::string window = R"(,"window":{"start":"a","end":"b"},"isFinalInvokeForWindow":true)";
  const auto stateful = LambdaEvent::read(event_of({}, window + R"(,"state":{"n": 1})"));
  ASSERT_TRUE(stateful);
  EXPECT_EQ(stateful->window_state(), R"({"n": 1})");
  const auto fresh = LambdaEvent::read(event_of({}, window));
  ASSERT_TRUE(fresh);
  EXPECT_EQ(fresh->window_state(), "{}");
}

TEST(LambdaEvent, IsATickOfASchedule) {
  for (const char* source : {"aws.events", "aws.scheduler"}) {
    const auto event = LambdaEvent::read(
        fmt::format(R"({{"version":"0","detail-type":"Scheduled Event","source":"{}","detail":{{}}}})", source));
    ASSERT_TRUE(event) << source;
    EXPECT_EQ(event->kind(), LambdaEvent::Kind::scheduled);
  }
}

TEST(LambdaEvent, NamesWhatItCannotTake) {
  EXPECT_NE(refusal_of(R"({"Records":[{"eventSource":"aws:sqs","body":"SECRET"}]})").find("comes from aws:sqs"),
            std::string::npos);
  EXPECT_NE(refusal_of(R"({"source":"aws.s3","detail":{}})").find("comes from aws.s3"), std::string::npos);
  EXPECT_NE(refusal_of(R"({"Records":[{"a":1}]})").find("comes from nobody"), std::string::npos);
  EXPECT_NE(refusal_of("{}").find("none of Kinesis"), std::string::npos);
  for (const std::string text : {"", "null", "[]", "7", R"({"Records":7})", R"({"Records":[7]})", R"({"Records":[)",
                                 R"({"Records":[]} x)", "{\"Records\":[],\"a\":\"\xff\"}"})
    EXPECT_NE(refusal_of(text).find("no JSON object with an array of records"), std::string::npos) << text;
}

}  // namespace
}  // namespace dynatlas
