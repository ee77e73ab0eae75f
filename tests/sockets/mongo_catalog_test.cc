// SPDX-License-Identifier: Apache-2.0
//
// Collections and indexes.
#include "sockets/mongo_socket.h"

namespace dynatlas {

namespace {

class MongoCatalog : public MongoSocket {
 protected:
  static FakeReply listed(std::string_view entries) {
    return FakeReply::answer(
        fmt::format(R"({{"cursor":{{"id":{{"$numberLong":"0"}},"ns":"shop.x","firstBatch":[{}]}},"ok":1}})", entries));
  }

  Result<CollectionFacts> facts(std::string_view entry) {
    server.next("listCollections", listed(entry));
    return port->facts_of(name, enough);
  }

  Result<void> make(const std::string& answer) {
    server.next("createIndexes", FakeReply::answer(answer));
    return port->make_index(name, {"key", {"a", "b.c"}, true, 60}, enough);
  }
};

TEST_F(MongoCatalog, KnowsAbsentAndPlainCollections) {
  EXPECT_FALSE(facts("")->exists);
  const auto plain = facts(R"({"name":"customers","type":"collection","options":{},"info":{"readOnly":false}})");
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_TRUE(plain->exists);
  EXPECT_EQ(plain->type, "collection");
  EXPECT_FALSE(plain->has_collation);
  EXPECT_FALSE(plain->shard_key);
  const std::string body = json_of(server.seen("listCollections").at(0).body);
  EXPECT_NE(body.find(R"("filter":{"name":"customers"})"), std::string::npos) << body;
  EXPECT_EQ(body.find("readConcern"), std::string::npos) << body;  // the command takes none
}

TEST_F(MongoCatalog, TellsViewsAndCollations) {
  EXPECT_EQ(facts(R"({"name":"customers","type":"view","options":{"viewOn":"a"}})")->type, "view");
  EXPECT_TRUE(facts(R"({"name":"customers","type":"collection","options":{"collation":{"locale":"en","strength":2}}})")
                  ->has_collation);
  EXPECT_FALSE(
      facts(R"({"name":"customers","type":"collection","options":{"collation":{"locale":"simple"}}})")->has_collation);
}

TEST_F(MongoCatalog, FindsTheShardKeyBehindARouter) {
  server.hello(R"({"msg":"isdbgrid","setName":null})");
  connect();
  constexpr const char* plain = R"({"name":"customers","type":"collection","options":{}})";
  server.next("find", listed(R"({"_id":"shop.customers","key":{"_id":"hashed"},"unique":false})"));
  const auto sharded = facts(plain);
  ASSERT_TRUE(sharded) << sharded.error().message;
  EXPECT_EQ(json_of(sharded->shard_key.value()), R"({"_id":"hashed"})");
  EXPECT_NE(json_of(server.seen("find").at(0).body).find(R"({"find":"collections","filter":{"_id":"shop.customers"})"),
            std::string::npos);
  for (const char* entry : {"", R"({"_id":"shop.customers","dropped":true,"key":{"a":1}})",
                            R"({"_id":"shop.customers","unsplittable":true,"key":{"_id":1}})"}) {
    server.next("find", listed(entry));
    EXPECT_FALSE(facts(plain)->shard_key) << entry;
  }
  server.next("find", FakeReply::answer(R"({"ok":0,"code":13,"errmsg":"SECRET"})"));
  const std::string error = shown_error(facts(plain));
  EXPECT_EQ(error.find("fatal: shop.customers: whether it is sharded"), 0U) << error;
  EXPECT_NE(error.find("grant the user the role read on the database config"), std::string::npos) << error;
}

TEST_F(MongoCatalog, DoesNotTakePartOfAListForTheWhole) {
  server.next("listCollections",
              FakeReply::answer(R"({"cursor":{"id":{"$numberLong":"5"},"ns":"shop.x","firstBatch":[]},"ok":1})"));
  EXPECT_EQ(shown_error(port->facts_of(name, enough)),
            "retry: listCollections of shop.customers: the server's answer makes no sense");
  server.next("listIndexes", FakeReply::answer(R"({"ok":1})"));
  EXPECT_EQ(shown_error(port->indexes_of(name, enough)),
            "retry: listIndexes of shop.customers: the server's answer makes no sense");
}

TEST_F(MongoCatalog, ListsIndexes) {
  server.next("listIndexes", listed(R"({"v":2,"key":{"_id":1},"name":"_id_"},)"
                                    R"({"v":2,"key":{"a":1,"b":-1},"name":"ab","unique":true},)"
                                    R"({"v":2,"key":{"c":1},"name":"s","unique":true,"sparse":true},)"
                                    R"({"v":2,"key":{"c":1},"name":"p","partialFilterExpression":{"x":1}},)"
                                    R"({"v":2,"key":{"c":1},"name":"l","collation":{"locale":"en"}})"));
  const auto indexes = port->indexes_of(name, enough);
  ASSERT_TRUE(indexes) << indexes.error().message;
  std::vector<std::string> texts;
  for (const IndexFacts& index : *indexes)
    texts.push_back(fmt::format("{} {} {} {}", index.name, json_of(index.key), index.unique, index.whole));
  EXPECT_EQ(texts, (std::vector<std::string>{R"(_id_ {"_id":1} false true)", R"(ab {"a":1,"b":-1} true true)",
                                             R"(s {"c":1} true false)", R"(p {"c":1} false false)",
                                             R"(l {"c":1} false false)"}));
}

TEST_F(MongoCatalog, HasNoIndexesWithoutACollection) {
  server.next("listIndexes",
              FakeReply::answer(R"({"ok":0,"code":26,"codeName":"NamespaceNotFound","errmsg":"ns does not exist"})"));
  const auto indexes = port->indexes_of(name, enough);
  ASSERT_TRUE(indexes) << indexes.error().message;
  EXPECT_TRUE(indexes->empty());
}

TEST_F(MongoCatalog, MakesIndexes) {
  ASSERT_TRUE(make(R"({"ok":1})"));
  const std::string body = json_of(server.seen("createIndexes").at(0).body);
  EXPECT_NE(body.find(R"("indexes":[{"key":{"a":1,"b.c":1},"name":"key","unique":true,"expireAfterSeconds":60}])"),
            std::string::npos)
      << body;
  EXPECT_NE(body.find(R"("writeConcern":{"w":"majority")"), std::string::npos) << body;
}

TEST_F(MongoCatalog, SaysWhyAnIndexCannotBe) {
  for (const int code : {85, 86})
    EXPECT_EQ(shown_error(make(fmt::format(R"({{"ok":0,"code":{},"errmsg":"SECRET"}})", code))),
              "fatal: shop.customers: another index has the name key or its fields: drop that index");
  EXPECT_EQ(
      shown_error(make(R"({"ok":0,"code":11000,"errmsg":"SECRET"})")),
      "fatal: shop.customers: the unique index key cannot be made, for two documents have one key: remove one of them");
  EXPECT_EQ(shown_error(make(R"({"ok":1,"writeConcernError":{"code":64,"errmsg":"SECRET"}})")),
            "retry: createIndexes of shop.customers: MongoDB answered with error 64 (WriteConcernTimeout)");
}

}  // namespace

}  // namespace dynatlas
