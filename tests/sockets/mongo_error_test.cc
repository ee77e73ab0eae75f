// SPDX-License-Identifier: Apache-2.0
//
// What errors, lost answers and slow servers become.
#include "sockets/mongo_socket.h"

namespace dynatlas {

namespace {

using Clock = std::chrono::steady_clock;

class MongoError : public MongoSocket {
 protected:
  std::string error_of(const std::string& answer) { return shown_error(update_answered(answer)); }
};

struct Refusal {
  std::string answer;
  std::string error;
};

TEST_F(MongoError, TellsWhatPassesFromWhatDoesNot) {
  const std::vector<Refusal> refusals = {
      {R"("code":112,"errmsg":"SECRET")",
       "retry: update of shop.customers: MongoDB answered with error 112 (WriteConflict)"},
      {R"("code":50,"errmsg":"SECRET")",
       "retry: update of shop.customers: MongoDB answered with error 50 (MaxTimeMSExpired)"},
      {R"("code":424242,"errmsg":"SECRET")", "retry: update of shop.customers: MongoDB answered with error 424242"},
      {R"("code":424243,"errmsg":"SECRET","errorLabels":["SystemOverloadedError"])",
       "retry: update of shop.customers: MongoDB answered with error 424243"},
      {R"("code":13,"errmsg":"SECRET")",
       "fatal: update of shop.customers: MongoDB refused it with error 13 (Unauthorized): grant the user the role "
       "readWrite on this database and on the state database"},
      {R"("code":13,"errmsg":"SECRET","errorLabels":["RetryableWriteError"])",
       "retry: update of shop.customers: MongoDB answered with error 13 (Unauthorized)"},
      {R"("code":61,"errmsg":"SECRET")",
       "fatal: update of shop.customers: MongoDB refused it with error 61 (ShardKeyNotFound): shard the collection by "
       "_id"},
      {R"("code":13297,"errmsg":"SECRET")",
       "fatal: update of shop.customers: MongoDB refused it with error 13297 (DatabaseDifferCase): there is a database "
       "of the same name in other capital and small letters: name that one"},
      {R"("code":8000,"errmsg":"SECRET Too Many requests")",
       "retry: update of shop.customers: MongoDB answered with error 8000 (AtlasError)"},
      {R"("code":8000,"errmsg":"you are over your space quota, using 513 MB of 512 MB")",
       "fatal: update of shop.customers: MongoDB refused it with error 8000 (AtlasError): Atlas refuses it for this "
       "cluster: look at the limits of its tier, and at its disk quota"},
  };
  for (const Refusal& refusal : refusals) EXPECT_EQ(error_of(R"({"ok":0,)" + refusal.answer + "}"), refusal.error);
}

TEST_F(MongoError, DoesNotAcknowledgeWhatNoMajorityHas) {
  EXPECT_EQ(
      error_of(R"({"n":1,"ok":1,"writeConcernError":{"code":64,"codeName":"WriteConcernTimeout","errmsg":"SECRET"}})"),
      "retry: update of shop.customers: MongoDB answered with error 64 (WriteConcernTimeout)");
  EXPECT_EQ(
      error_of(R"({"n":1,"ok":1,"writeConcernError":{"code":100,"errmsg":"SECRET"}})"),
      "fatal: update of shop.customers: MongoDB refused it with error 100 (UnsatisfiableWriteConcern): make the write "
      "concern majority possible on this replica set");
}

TEST_F(MongoError, ComesBackAfterAStepDown) {
  for (const int code : {10107, 91, 11602}) {
    const auto answer = fmt::format(
        R"({{"ok":0,"code":{},"errmsg":"SECRET","errorLabels":["RetryableWriteError"],"topologyVersion":{{"processId":{{"$oid":"0123456789abcdef01234567"}},"counter":{{"$numberLong":"{}"}}}}}})",
        code, code);
    EXPECT_EQ(error_of(answer).find("retry: update of shop.customers: MongoDB answered with error "), 0U);
  }
  const auto reply = update(1);
  EXPECT_TRUE(reply) << reply.error().message;
}

TEST_F(MongoError, ComesBackAfterALostAnswer) {
  server.next("update", FakeReply::lost());
  EXPECT_EQ(shown_error(update(1)), "retry: update of shop.customers: the connection to MongoDB was lost");
  EXPECT_EQ(server.seen("update").size(), 1U);  // libmongoc does not repeat it
  const auto reply = update(1);
  EXPECT_TRUE(reply) << reply.error().message;
}

TEST_F(MongoError, StopsAtItsLimit) {
  server.next("update", FakeReply::silence());
  const auto began = Clock::now();
  EXPECT_EQ(shown_error(update(1, milliseconds(150))), "retry: update of shop.customers: no answer within 150 ms");
  EXPECT_GE(spent(began), milliseconds(140));
  EXPECT_LT(spent(began), milliseconds(1000));
}

// libmongoc still takes the server for known then, and asks it twice.
TEST_F(MongoError, StopsAtItsLimitWhileItConnectsAnew) {
  server.next("update", FakeReply::silence());
  EXPECT_FALSE(update(1, milliseconds(150)));
  server.always("hello", [](const FakeCommand&) { return FakeReply::silence(); });
  const auto began = Clock::now();
  EXPECT_EQ(shown_error(update(1, milliseconds(150))), "retry: update of shop.customers: no answer within 150 ms");
  EXPECT_LT(spent(began), milliseconds(1000));
}

TEST_F(MongoError, ComesBackFromALateAnswerOfAServerThatIsGoneThen) {
  {
    FakeMongod other;
    auto connected = connect_mongo({other.uri()});
    ASSERT_TRUE(connected);
    port = *std::move(connected);
    other.next("update", FakeReply::silence());
    EXPECT_FALSE(update(1, milliseconds(150)));
  }
  EXPECT_EQ(shown_error(update(1)), "retry: update of shop.customers: host 127.0.0.1: it cannot be connected to");
}

TEST_F(MongoError, HasOneLimitForAllCommandsOfACall) {
  server.hello(R"({"maxWriteBatchSize":1})");
  connect();
  for (int i = 0; i < 4; ++i) server.next("update", FakeReply::late(R"({"n":1,"ok":1})", milliseconds(60)));
  const auto began = Clock::now();
  EXPECT_EQ(shown_error(update(4, milliseconds(150))), "retry: update of shop.customers: no answer within 150 ms");
  EXPECT_LT(spent(began), milliseconds(1000));
}

TEST_F(MongoError, SendsNothingWithoutTime) {
  EXPECT_FALSE(update(1, milliseconds(0)));
  EXPECT_TRUE(server.seen("update").empty());
}

TEST_F(MongoError, WaitsForASlowServer) {
  server.next("update", FakeReply::late(R"({"n":1,"ok":1})", milliseconds(100)));
  const auto reply = update(1);
  EXPECT_TRUE(reply) << reply.error().message;
}

std::string message_that_says_it_has(std::uint32_t length) {
  std::string message(40, '\0');
  std::memcpy(message.data(), &length, sizeof length);
  return message;
}

TEST_F(MongoError, RefusesAnswersThatAreNone) {
  for (const std::uint32_t length : {15U, 48'000'001U}) {
    server.next("update", FakeReply::message(message_that_says_it_has(length)));
    EXPECT_EQ(shown_error(update(1)), "retry: update of shop.customers: the server's answer makes no sense") << length;
  }
}

TEST_F(MongoError, TellsWhyThereIsNoServer) {
  {
    FakeMongod other;
    auto connected = connect_mongo({other.uri()});
    ASSERT_TRUE(connected);
    port = *std::move(connected);
  }
  EXPECT_EQ(shown_error(update(1)).substr(0, 6), "retry:");
  EXPECT_EQ(shown_error(update(1)), "retry: update of shop.customers: host 127.0.0.1: it cannot be connected to");
}

TEST_F(MongoError, ReadsAllBatches) {
  server.next(
      "find",
      FakeReply::answer(
          R"({"cursor":{"id":{"$numberLong":"7"},"ns":"shop.customers","firstBatch":[{"_id":1},{"_id":2}]},"ok":1})"));
  server.next("getMore",
              FakeReply::answer(
                  R"({"cursor":{"id":{"$numberLong":"0"},"ns":"shop.customers","nextBatch":[{"_id":3}]},"ok":1})"));
  const auto found = port->find(name, bson_of(R"({"a":1})"), bson_of(R"({"_id":1})"), enough);
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->size(), 3U);
  EXPECT_EQ(json_of(found->at(2)), R"({"_id":3})");
  const std::string body = json_of(server.seen("find").at(0).body);
  for (const char* part : {R"("filter":{"a":1})", R"("projection":{"_id":1})", R"("readConcern":{"level":"majority"})",
                           R"("maxTimeMS":4)", R"("lsid":{)"})
    EXPECT_NE(body.find(part), std::string::npos) << part << body;
}

TEST_F(MongoError, ReadsTheFirstInOrder) {
  const auto found = port->find_first(name, bson_of("{}"), bson_of(R"({"at":1})"), 5, enough);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_TRUE(found->empty());
  const std::string body = json_of(server.seen("find").at(0).body);
  EXPECT_NE(body.find(R"("sort":{"at":1},"limit":5)"), std::string::npos) << body;
}

TEST_F(MongoError, GivesAllDocumentsOrAnError) {
  server.next("find",
              FakeReply::answer(
                  R"({"cursor":{"id":{"$numberLong":"7"},"ns":"shop.customers","firstBatch":[{"_id":1}]},"ok":1})"));
  server.next("getMore", FakeReply::answer(R"({"ok":0,"code":43,"errmsg":"SECRET"})"));
  EXPECT_EQ(shown_error(port->find(name, bson_of("{}"), "", enough)),
            "retry: find of shop.customers: MongoDB answered with error 43");
  server.next("find", FakeReply::answer(R"({"ok":1})"));
  EXPECT_EQ(shown_error(port->find(name, bson_of("{}"), "", enough)),
            "retry: find of shop.customers: the server's answer makes no sense");
  server.next("find", FakeReply::answer(R"({"ok":0,"code":13,"errmsg":"SECRET"})"));
  EXPECT_EQ(shown_error(port->find(name, bson_of("{}"), "", enough)).substr(0, 60),
            "fatal: find of shop.customers: MongoDB refused it with error");
}

}  // namespace

}  // namespace dynatlas
