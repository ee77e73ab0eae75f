// SPDX-License-Identifier: Apache-2.0
//
// What the port sends, and what it reads from the answers.
#include "change/bson.h"
#include "sockets/mongo_socket.h"

namespace dynatlas {

namespace {

using Texts = std::vector<std::string>;

class MongoWrite : public MongoSocket {};

std::string first_document(const FakeCommand& command) { return json_of(command.documents.at(0)); }

// The command without what differs from run to run.
std::string told(const FakeCommand& command) {
  std::string text = json_of(command.body);
  const std::size_t array = text.find(",\"updates\"");
  return text.substr(0, array);
}

TEST_F(MongoWrite, SendsOneUnorderedCommandThatAMajorityAcknowledges) {
  server.next("update", FakeReply::answer(R"({"n":2,"upserted":[{"index":1,"_id":1}],"ok":1})"));
  const auto reply = update(2, milliseconds(4000), true);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->matched, 1U);
  EXPECT_EQ(reply->inserted, 1U);
  EXPECT_TRUE(reply->faults.empty());
  const auto seen = server.seen("update");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(told(seen[0]).starts_with(R"({"update":"customers","ordered":false,"maxTimeMS":3)")) << told(seen[0]);
  EXPECT_NE(told(seen[0]).find(R"("writeConcern":{"w":"majority","wtimeout":3)"), std::string::npos) << told(seen[0]);
  const std::string body = json_of(seen[0].body);
  EXPECT_NE(body.find(R"("lsid":{"id":)"), std::string::npos) << body;
  EXPECT_EQ(body.find("txnNumber"), std::string::npos) << body;  // repeats are ours
  EXPECT_EQ(seen[0].documents.size(), 2U);
  EXPECT_EQ(first_document(seen[0]), R"({"q":{"_id":0},"u":{"_id":0,"v":1},"upsert":true})");
}

TEST_F(MongoWrite, SendsDeletesOfOneDocumentEach) {
  server.next("delete", FakeReply::answer(R"({"n":1,"ok":1})"));
  const auto reply = remove(2);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->matched, 1U);
  const auto seen = server.seen("delete");
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(first_document(seen[0]), R"({"q":{"_id":0},"limit":1})");
}

TEST_F(MongoWrite, SendsNothingForNoStatements) {
  const auto reply = update(0);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_TRUE(server.seen("update").empty());
}

// {name: document}, whose name may be one that Extended JSON has a meaning for.
std::string named(std::string_view name, std::string_view document) {
  Buffer out;
  OpenDocument whole(out);
  append_element(out, BsonType::document, name, document);
  whole.close();
  return std::string(out.view());
}

TEST_F(MongoWrite, TakesNamesThatLibmongocRefuses) {
  const std::string document = named("", named("$a", bson_of("{}")));
  const std::string filter = bson_of(R"({"_id":1})");
  const auto reply = port->update(name, std::vector<UpdateStatement>{{filter, document}}, enough);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(first_document(server.seen("update").at(0)), R"({"q":{"_id":1},"u":{"":{"$a":{}}}})");
}

TEST_F(MongoWrite, KeepsASessionUntilAnotherBegins) {
  const auto session = [this] {
    EXPECT_TRUE(update(1));
    const std::string body = json_of(server.seen("update").back().body);
    return body.substr(body.find("\"lsid\""), 60);
  };
  const std::string first = session();
  EXPECT_EQ(session(), first);
  const std::unique_ptr<MongoPort> other = std::move(port);  // holds its session
  connect();
  EXPECT_NE(session(), first);
}

// An answer with the server's time, which Extended JSON of ours does not know.
FakeReply timed(std::string_view json) {
  const std::string document = bson_of(json);
  Buffer out;
  OpenDocument whole(out);
  out.append(elements_of(document));
  append_element(out, static_cast<BsonType>(0x11), "operationTime", std::string_view("\1\0\0\0\1\0\0\0", 8));
  whole.close();
  return FakeReply::answer_bson(std::string(out.view()));
}

TEST_F(MongoWrite, ReadsItsSessionsOwnWrites) {
  const auto follows_the_write = [this] {
    EXPECT_TRUE(port->find(name, bson_of("{}"), "", enough));
    return server.seen("find").back().body.find("afterClusterTime") != std::string::npos;
  };
  EXPECT_FALSE(follows_the_write());
  server.next("update", timed(R"({"n":1,"ok":1})"));
  EXPECT_TRUE(update(1));
  EXPECT_TRUE(follows_the_write());
  port->begin_session();
  EXPECT_FALSE(follows_the_write());
}

TEST_F(MongoWrite, TellsWhichIndexADuplicateIsOf) {
  const auto reply = update_answered(
      R"({"n":0,"writeErrors":[)"
      R"({"index":2,"code":11000,"errmsg":"E11000 duplicate key error collection: shop.customers index: a b dup key: { : 1 }"},)"
      R"({"index":0,"code":11000,"keyPattern":{"email":1,"n":1},"keyValue":{"email":"x","n":1},)"
      R"("errmsg":"E11000 duplicate key error collection: shop.customers index: email_1 dup key: { email: 1 }"},)"
      R"({"index":1,"code":11000,"errmsg":"E11000 duplicate key error index: shop.customers.$_id_ dup key: { : 1 }"},)"
      R"({"index":3,"code":121,"errmsg":"Document failed validation"}],"ok":1})",
      4);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(shown(reply->faults),
            (Texts{"0 11000 email_1(email,n)", "1 11000 _id_(_id)", "2 11000 a b()", "3 121 ()"}));
}

// Answers that cannot be right, of two updates; the last ones of two upserts.
TEST_F(MongoWrite, NeverTakesANonsensicalAnswerForSuccess) {
  const Texts answers = {
      R"({})",
      R"({"ok":1})",
      R"({"n":2})",
      R"({"n":-1,"ok":1})",
      R"({"n":3,"ok":1})",
      R"({"n":"2","ok":1})",
      R"({"n":1,"writeErrors":[{"index":2,"code":121}],"ok":1})",
      R"({"n":1,"writeErrors":[{"index":-1,"code":121}],"ok":1})",
      R"({"n":1,"writeErrors":[{"code":121}],"ok":1})",
      R"({"n":1,"writeErrors":[{"index":0}],"ok":1})",
      R"({"n":0,"writeErrors":[{"index":0,"code":121},{"index":0,"code":121}],"ok":1})",
      R"({"n":2,"writeErrors":[{"index":0,"code":121}],"ok":1})",
      R"({"n":2,"writeErrors":1,"ok":1})",
      R"({"n":2,"writeErrors":[1],"ok":1})",
      R"({"n":2,"upserted":[{"index":2,"_id":1}],"ok":1})",
      R"({"n":2,"upserted":[{"_id":1}],"ok":1})",
      R"({"n":2,"upserted":[{"index":0,"_id":1},{"index":0,"_id":1}],"ok":1})",
      R"({"n":0,"upserted":[{"index":0,"_id":1}],"ok":1})",
      R"({"n":1,"upserted":[{"index":0,"_id":1}],"writeErrors":[{"index":0,"code":121}],"ok":1})",
  };
  for (const std::string& answer : answers)
    EXPECT_EQ(shown_error(update_answered(answer, 2)),
              "retry: update of shop.customers: the server's answer makes no sense")
        << answer;
  for (const char* answer : {R"({"n":1,"ok":1})", R"({"n":0,"writeErrors":[{"index":0,"code":121}],"ok":1})"}) {
    server.next("update", FakeReply::answer(answer));
    EXPECT_EQ(shown_error(upsert(2)), "retry: update of shop.customers: the server's answer makes no sense") << answer;
  }
}

class MongoSplit : public MongoSocket {
 protected:
  void SetUp() override {}

  std::vector<std::size_t> sizes() const {
    std::vector<std::size_t> sizes;
    for (const FakeCommand& command : server.seen("update")) sizes.push_back(command.documents.size());
    return sizes;
  }

  Result<WriteReply> update_of(const std::string& padding, std::string_view operation = "v") {
    const std::string filter = bson_of(R"({"_id":1})");
    const std::string value = bson_of(fmt::format(R"({{"v":"{}"}})", padding));
    const std::string document = named(operation, value);
    return port->update(name, std::vector<UpdateStatement>{{filter, document, true}}, enough);
  }
};

TEST_F(MongoSplit, SplitsByCountAndKeepsTheIndexes) {
  server.hello(R"({"maxWriteBatchSize":3})");
  connect();
  server.next("update", FakeReply::answer(R"({"n":3,"ok":1})"));
  server.next("update",
              FakeReply::answer(R"({"n":1,"writeErrors":[{"index":0,"code":121},{"index":2,"code":66}],"ok":1})"));
  server.next("update",
              FakeReply::answer(R"({"n":0,"writeErrors":[{"index":1,"code":11000,"keyPattern":{"_id":1}}],"ok":1})"));
  const auto reply = update(8);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(sizes(), (std::vector<std::size_t>{3, 3, 2}));
  EXPECT_EQ(reply->matched, 4U);
  EXPECT_EQ(shown(reply->faults), (Texts{"3 121 ()", "5 66 ()", "7 11000 (_id)"}));
}

TEST_F(MongoSplit, SplitsBySize) {
  server.hello(R"({"maxBsonObjectSize":600})");
  connect();
  const auto reply = update(20);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->matched, 20U);
  EXPECT_GT(sizes().size(), 2U);
  constexpr std::size_t added = 128;  // by libmongoc: session and database
  for (const FakeCommand& command : server.seen("update")) EXPECT_LE(command.body.size(), 600 + added);
}

TEST_F(MongoSplit, StopsAtTheCommandThatFails) {
  server.hello(R"({"maxWriteBatchSize":1})");
  connect();
  server.next("update", FakeReply::answer(R"({"n":1,"ok":1})"));
  server.next("update",
              FakeReply::answer(R"({"ok":0,"code":10107,"codeName":"NotWritablePrimary","errmsg":"not primary"})"));
  EXPECT_EQ(shown_error(update(3)),
            "retry: update of shop.customers: MongoDB answered with error 10107 (NotWritablePrimary)");
  EXPECT_EQ(sizes(), (std::vector<std::size_t>{1, 1}));
}

// libmongoc sends it in a section of its own, which may be larger than a command's body.
TEST_F(MongoSplit, SendsAStatementAloneThatDoesNotFitABody) {
  server.hello(R"({"maxBsonObjectSize":1000})");
  connect();
  for (const char* operation : {"v", "$set"}) {
    server.next("update", FakeReply::answer(R"({"n":1,"upserted":[{"index":0,"_id":1}],"ok":1})"));
    const auto reply = update_of(std::string(2000, 'x'), operation);
    ASSERT_TRUE(reply) << reply.error().message;
    EXPECT_EQ(reply->inserted, 1U);
    EXPECT_EQ(reply->matched, 0U);
    const std::string body = json_of(server.seen("update").back().body);
    EXPECT_NE(body.find(R"("writeConcern":{"w":"majority","wtimeout":)"), std::string::npos) << body;
    EXPECT_NE(body.find(R"("lsid":)"), std::string::npos) << body;
  }
}

TEST_F(MongoSplit, TellsFaultsOfALargeStatement) {
  server.hello(R"({"maxBsonObjectSize":1000})");
  connect();
  server.next(
      "update",
      FakeReply::answer(
          R"({"n":0,"writeErrors":[{"index":0,"code":11000,"keyPattern":{"_id":1},"errmsg":"E11000"}],"ok":1})"));
  const auto duplicate = update_of(std::string(2000, 'x'));
  ASSERT_TRUE(duplicate) << duplicate.error().message;
  EXPECT_EQ(shown(duplicate->faults), (Texts{"0 11000 (_id)"}));
  const auto too_large = update_of(std::string(20000, 'x'));
  ASSERT_TRUE(too_large) << too_large.error().message;
  EXPECT_EQ(shown(too_large->faults), (Texts{"0 10334 ()"}));
  server.next("update", FakeReply::answer(R"({"ok":0,"code":112,"errmsg":"WriteConflict"})"));
  EXPECT_EQ(shown_error(update_of(std::string(2000, 'x'))),
            "retry: update of shop.customers: MongoDB answered with error 112 (WriteConflict)");
  server.next("update", FakeReply::answer(R"({"n":0,"ok":1})"));
  EXPECT_EQ(shown_error(update_of(std::string(2000, 'x'))),
            "retry: update of shop.customers: the server's answer makes no sense");
  server.next("update", FakeReply::answer(R"({"n":1,"ok":1,"writeConcernError":{"code":64,"errmsg":"waiting"}})"));
  EXPECT_EQ(shown_error(update_of(std::string(2000, 'x'))),
            "retry: update of shop.customers: MongoDB answered with error 64 (WriteConcernTimeout)");
}

}  // namespace

}  // namespace dynatlas
