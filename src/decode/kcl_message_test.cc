// SPDX-License-Identifier: Apache-2.0
#include "decode/kcl_message.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dynatlas {
namespace {

using Action = KclMessage::Action;

// As the daemon of amazon-kinesis-client-multilang 3.1.3 prints it.
std::string record(const std::string& sequence, int sub_sequence = 0) {
  return fmt::format(
      R"({{"data":"aGVs\/bG8=","partitionKey":"k\"ey","sequenceNumber":"{}","approximateArrivalTimestamp":1795892101891,"subSequenceNumber":{},"action":"record"}})",
      sequence, sub_sequence);
}

KclMessage read(const std::string& line) {
  auto message = KclMessage::read(line);
  EXPECT_TRUE(message) << message.error().message;
  return *std::move(message);
}

KclMessage records(const std::string& list) {
  return read(R"({"action":"processRecords","records":[)" + list + R"(],"millisBehindLatest":0})");
}

std::string error_of(const std::string& line) {
  const auto message = KclMessage::read(line);
  if (message) return "no error";
  EXPECT_EQ(message.error().kind, ErrorKind::fatal);
  EXPECT_EQ(message.error().message.find("SECRET"), std::string::npos);
  return message.error().message;
}

TEST(KclMessage, ReadsWhatTheDaemonSays) {
  const KclMessage begin = read(
      R"({"action":"initialize","shardId":"shardId-000000000001","sequenceNumber":"TRIM_HORIZON","subSequenceNumber":0})");
  EXPECT_EQ(begin.action(), Action::initialize);
  EXPECT_EQ(begin.shard(), "shardId-000000000001");
  EXPECT_EQ(read(R"({"action":"initialize","shardId":"s","sequenceNumber":null,"subSequenceNumber":null})").shard(),
            "s");
  EXPECT_EQ(read(R"({"action":"leaseLost"})").action(), Action::lease_lost);
  EXPECT_EQ(read(R"({"action":"shardEnded"})").action(), Action::shard_ended);
  EXPECT_EQ(read(R"({"action":"shutdownRequested"})").action(), Action::shutdown_requested);
  EXPECT_EQ(read(R"({"action":"shutdown","reason":"ZOMBIE"})").reason(), "ZOMBIE");
  const KclMessage done = read(R"({"action":"checkpoint","sequenceNumber":"1","subSequenceNumber":0,"error":null})");
  EXPECT_EQ(done.action(), Action::checkpoint);
  EXPECT_EQ(done.error(), "");
  EXPECT_EQ(read(R"({"action":"checkpoint","error":"ThrottlingException"})").error(), "ThrottlingException");
}

TEST(KclMessage, ReadsRecords) {
  EXPECT_TRUE(records("").records().empty());
  const KclMessage message = records(record("495") + " , " + record("496"));
  ASSERT_EQ(message.records().size(), 2U);
  EXPECT_EQ(message.records()[0].data, R"("aGVs\/bG8=")");
  EXPECT_EQ(message.records()[0].partition_key, R"("k\"ey")");
  EXPECT_EQ(message.records()[1].place.sequence, "496");
  EXPECT_EQ(message.records()[1].place.sub_sequence, 0U);
  EXPECT_FALSE(message.records()[0].is_part);
}

TEST(KclMessage, PassesOverMembersThatItDoesNotKnow) {
  EXPECT_EQ(read(R"( {"new":{"action":"x"},"action":"leaseLost","more":[1]} )").action(), Action::lease_lost);
  const KclMessage message =
      records(R"({"x":null,"data":"YQ==","partitionKey":"p","sequenceNumber":"7","subSequenceNumber":null})");
  EXPECT_EQ(message.records().at(0).place.sequence, "7");
}

TEST(KclMessage, TakesARecordWithoutDataForAnEmptyOne) {
  for (const char* text : {R"({"data":null,"partitionKey":null,"sequenceNumber":"7"})", R"({"sequenceNumber":"7"})"}) {
    const KclMessage message = records(text);
    EXPECT_EQ(message.records().at(0).data, R"("")") << text;
    EXPECT_EQ(message.records().at(0).partition_key, R"("")") << text;
  }
}

TEST(KclMessage, TellsPartsOfAggregatedRecords) {
  const KclMessage message = records(record("5", 2) + "," + record("6", 0) + "," + record("6", 1) + "," +
                                     record("7", 0) + "," + record("8", 0));
  std::vector<bool> parts;
  for (const KclRecord& one : message.records()) parts.push_back(one.is_part);
  EXPECT_EQ(parts, (std::vector<bool>{true, true, true, false, false}));
}

TEST(KclMessage, RefusesWhatIsNoMessage) {
  const std::string no_message = "standard input is no message of Amazon's MultiLangDaemon, which starts this verb";
  for (const char* line : {"", "SECRET", R"({"action":"leaseLost"} SECRET)", R"({"action":"leaseLost")", "[]",
                           R"({"action":"processRecords","records":{}})"})
    EXPECT_EQ(error_of(line), no_message) << line;
  for (const char* bad : {R"({"data":"SECRET","partitionKey":"p"})", R"({"data":7,"sequenceNumber":"7"})",
                          R"({"data":"SECRET","partitionKey":"p","sequenceNumber":"7a"})",
                          R"({"data":"","partitionKey":"p","sequenceNumber":"7","subSequenceNumber":-1})"})
    EXPECT_EQ(error_of(fmt::format(R"({{"action":"processRecords","records":[{}]}})", bad)), no_message) << bad;
  EXPECT_NE(error_of(R"({"action":"dance"})").find("asks for `dance`, which is not known"), std::string::npos);
  EXPECT_NE(error_of(R"({"records":[]})").find("asks for ``"), std::string::npos);
  EXPECT_NE(error_of(R"({"action":"initialize","shardId":null})").find("named no shard"), std::string::npos);
  EXPECT_NE(error_of(R"({"action":"initialize","shardId":"a\"b"})").find("named no shard"), std::string::npos);
}

TEST(KclMessage, AnswersWithTheDaemonsFields) {
  EXPECT_EQ(kcl_status(read(R"({"action":"shutdown","reason":"TERMINATE"})")),
            R"({"action":"status","responseFor":"shutdown"})");
  EXPECT_EQ(kcl_checkpoint(KclPlace{"495", 3}),
            R"({"action":"checkpoint","sequenceNumber":"495","subSequenceNumber":3})");
  EXPECT_EQ(kcl_checkpoint(std::nullopt), R"({"action":"checkpoint","sequenceNumber":null,"subSequenceNumber":null})");
}

TEST(KclMessage, MakesAnEventOfLambda) {
  const KclMessage message = records(record("6", 0) + "," + record("6", 1) + "," + record("7"));
  const auto event = nlohmann::json::parse(kcl_event("cdc", "shardId-000000000001", message.records()));
  const auto expected = nlohmann::json::parse(R"([
    {"kinesis":{"partitionKey":"k\"ey","sequenceNumber":"6","subSequenceNumber":0,"data":"aGVs/bG8="},
     "eventSource":"aws:kinesis","eventID":"shardId-000000000001:6","eventSourceARN":"cdc"},
    {"kinesis":{"partitionKey":"k\"ey","sequenceNumber":"6","subSequenceNumber":1,"data":"aGVs/bG8="},
     "eventSource":"aws:kinesis","eventID":"shardId-000000000001:6","eventSourceARN":"cdc"},
    {"kinesis":{"partitionKey":"k\"ey","sequenceNumber":"7","data":"aGVs/bG8="},
     "eventSource":"aws:kinesis","eventID":"shardId-000000000001:7","eventSourceARN":"cdc"}])");
  EXPECT_EQ(event.at("Records"), expected);
  EXPECT_EQ(kcl_event("cdc", "s", {}), R"({"Records":[]})");
}

}  // namespace
}  // namespace dynatlas
