// SPDX-License-Identifier: Apache-2.0
//
// The contract of every port: what is written, what is not, and which index a duplicate key is of.
#include <fmt/format.h>

#include <algorithm>

#include "change/bson.h"
#include "support/port_contract.h"
#include "support/target_contract.h"
#include "target/mongodb/server_codes.h"

namespace dynatlas {

namespace {

using Texts = std::vector<std::string>;

std::string older(std::string_view id, int version) {
  return fmt::format(R"({{"_id":"{}","v":{{"$lt":{}}}}})", id, version);
}
std::string document(std::string_view id, int version) { return fmt::format(R"({{"_id":"{}","v":{}}})", id, version); }
std::string stored(std::string_view id, int version) {
  return fmt::format(R"({{"_id":"{}","v":{{"$numberInt":"{}"}}}})", id, version);
}

TEST_P(PortWrites, InsertReplaceAndCount) {
  put({document("b", 1)});
  const WriteReply reply = update({{R"({"_id":"a"})", R"({"v":1})", true},
                                   {R"({"_id":"b"})", R"({"v":2})", true},
                                   {R"({"_id":"c"})", R"({"v":3})", false}});
  EXPECT_EQ(reply.inserted, 1U);
  EXPECT_EQ(reply.matched, 1U);
  EXPECT_EQ(shown(reply.faults), Texts());
  EXPECT_EQ(find("{}"), Texts({stored("a", 1), stored("b", 2)}));
}

TEST_P(PortWrites, TellWhatIsRefusedByAGuard) {
  put({document("a", 5), document("b", 5)});
  const WriteReply reply = update({{older("a", 6), document("a", 6), true},
                                   {older("b", 4), document("b", 4), true},
                                   {older("c", 1), document("c", 1), true}});
  EXPECT_EQ(reply.matched, 1U);
  EXPECT_EQ(reply.inserted, 1U);
  EXPECT_EQ(shown(reply.faults), Texts({"index 1: 11000 _id_ (_id)"}));
  EXPECT_EQ(find("{}"), Texts({stored("a", 6), stored("b", 5), stored("c", 1)}));
}

TEST_P(PortWrites, CarryOutAllButWhatFails) {
  Texts documents;
  std::vector<Update> statements;
  for (int i = 0; i < 40; ++i) {
    const std::string id = fmt::format("{:02}", i);
    if (i % 3 == 0) documents.push_back(document(id, 9));
    statements.push_back({older(id, 1), document(id, 1), true});
  }
  put(documents);
  const WriteReply reply = update(statements);
  EXPECT_EQ(reply.inserted, 26U);
  ASSERT_EQ(reply.faults.size(), 14U);
  for (std::size_t i = 0; i < reply.faults.size(); ++i) EXPECT_EQ(reply.faults[i].index, i * 3);
  EXPECT_EQ(find(R"({"v":1})").size(), 26U);
}

TEST_P(PortWrites, NameTheIndexOfADuplicate) {
  ASSERT_TRUE(port->make_index(name, {"mail_and_shop", {"mail", "shop.id"}, true, std::nullopt}, limit));
  put({R"({"_id":"a","mail":"x","shop":{"id":"1"}})"});
  const WriteReply reply = update({{R"({"_id":"b"})", R"({"mail":"x","shop":{"id":"1"}})", true},
                                   {R"({"_id":"c"})", R"({"mail":"x","shop":{"id":"2"}})", true}});
  EXPECT_EQ(reply.inserted, 1U);
  EXPECT_EQ(shown(reply.faults), Texts({"index 0: 11000 mail_and_shop (mail, shop.id)"}));
}

TEST_P(PortWrites, MatchByOtherFieldsThanTheId) {
  ASSERT_TRUE(port->make_index(name, {"key", {"h", "r"}, true, std::nullopt}, limit));
  const std::string filter = R"({"h":"1","r":"2","v":{"$lt":5}})";
  EXPECT_EQ(update({{filter, R"({"h":"1","r":"2","v":3})", true}}).inserted, 1U);
  const std::string id = find("{}", R"({"_id":1})").at(0);
  EXPECT_EQ(id.substr(0, 15), R"({"_id":{"$oid":)") << "the server made it";
  EXPECT_EQ(update({{filter, R"({"h":"1","r":"2","v":9})", true}}).matched, 1U);
  EXPECT_EQ(find("{}", R"({"_id":1})"), Texts({id})) << "a replacement keeps it";
  EXPECT_EQ(shown(update({{filter, R"({"h":"1","r":"2","v":4})", true}}).faults), Texts({"index 0: 11000 key (h, r)"}));
}

TEST_P(PortWrites, ChangeFields) {
  put({R"({"_id":"a","n":1,"m":{"t":"x","old":"y"}})"});
  EXPECT_EQ(update({{R"({"_id":"a"})",
                     R"({"$set":{"m.t":"z"},"$unset":{"m.old":""},"$inc":{"n":2},"$setOnInsert":{"x":"1"}})", true}})
                .matched,
            1U);
  EXPECT_EQ(find("{}"), Texts({R"({"_id":"a","n":{"$numberInt":"3"},"m":{"t":"z"}})"}));
  EXPECT_EQ(update({{R"({"_id":"b"})", R"({"$setOnInsert":{"x":"1"},"$inc":{"n":2}})", true}}).inserted, 1U);
  EXPECT_EQ(find(R"({"_id":"b"})"), Texts({R"({"_id":"b","n":{"$numberInt":"2"},"x":"1"})"}));
  put({R"({"_id":"c","m":"no document"})"});
  EXPECT_EQ(update({{R"({"_id":"c"})", R"({"$set":{"m.t":"z"}})", false}}).faults.size(), 1U);
}

TEST_P(PortWrites, DeleteWhatMatches) {
  put({document("a", 1), document("b", 5), document("c", 1)});
  const WriteReply reply = remove({R"({"_id":"a","v":{"$lte":1}})", R"({"_id":"b","v":{"$lte":4}})", R"({"_id":"z"})"});
  EXPECT_EQ(reply.matched, 1U);
  EXPECT_EQ(shown(reply.faults), Texts());
  EXPECT_EQ(find("{}"), Texts({stored("b", 5), stored("c", 1)}));
  EXPECT_EQ(remove({R"({"v":{"$gt":0}})"}).matched, 1U) << "one document a statement";
}

TEST_P(PortWrites, TakeEqualNumbersForOneId) {
  const Texts equal = {R"({"$numberInt":"1"})", R"({"$numberLong":"1"})", R"({"$numberDouble":"1.0"})",
                       R"({"$numberDecimal":"1.0"})"};
  for (const std::string& id : equal) update({{R"({"_id":)" + id + "}", R"({"v":"x"})", true}});
  EXPECT_EQ(find("{}").size(), 1U);
  EXPECT_EQ(remove({R"({"_id":{"$numberDecimal":"1"}})"}).matched, 1U);
}

TEST_P(PortWrites, KeepEveryType) {
  const std::string document =
      R"({"_id":"a","d":{"$date":{"$numberLong":"1700000000123"}},"b":{"$binary":{"base64":"AAE=","subType":"00"}},)"
      R"("e":{"$numberDecimal":"1.5"},"l":{"$numberLong":"1"},"f":{"$numberDouble":"0.1"},"n":null,"t":true,"a":[{"$numberInt":"1"},"x",[]],)"
      R"("s":"nul\u0000 inside","m":{}})";
  EXPECT_EQ(update({{R"({"_id":"a"})", document, true}}).inserted, 1U);
  EXPECT_EQ(find("{}"), Texts({document}));
}

TEST_P(PortWrites, KeepOddFieldNames) {
  const std::string document = R"({"_id":"a","a.b":"1","":"2","m":{"$x":"3","":"4","c.d":"5"},"x$":"6"})";
  EXPECT_EQ(shown(update({{R"({"_id":"a"})", document, true}}).faults), Texts());
  EXPECT_EQ(shown(update({{R"({"_id":"a"})", document, true}}).faults), Texts());
  EXPECT_EQ(find("{}"), Texts({document}));
}

// Statements as BSON, which need not be read from text.
struct Bulk {
  std::vector<std::string> filters;
  std::vector<std::string> documents;

  void add(const std::string& filter, std::string document) {
    filters.push_back(query_of(filter));
    documents.push_back(std::move(document));
  }

  // A document of so many bytes.
  void add_large(const std::string& id, std::size_t bytes) {
    const std::size_t rest = query_of(fmt::format(R"({{"_id":"{}","v":""}})", id)).size();
    Buffer out;
    OpenDocument document(out);
    append_string_element(out, "_id", id);
    append_string_element(out, "v", std::string(bytes - rest, 'x'));
    document.close();
    add(fmt::format(R"({{"_id":"{}"}})", id), std::string(out.view()));
  }

  std::vector<UpdateStatement> statements() const {
    std::vector<UpdateStatement> all;
    all.reserve(filters.size());
    for (std::size_t i = 0; i < filters.size(); ++i) all.push_back({filters[i], documents[i], true});
    return all;
  }
};

TEST_P(PortWrites, StoreDocumentsUpToTheLimitAndNoLarger) {
  constexpr std::size_t bytes_max = 16 * 1024 * 1024;
  Bulk bulk;
  bulk.add_large("a", bytes_max);
  bulk.add_large("b", bytes_max + 1);
  bulk.add_large("c", 100);
  const auto reply = port->update(name, bulk.statements(), limit);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->inserted, 2U);
  ASSERT_EQ(reply->faults.size(), 1U);
  EXPECT_EQ(reply->faults[0].index, 1U);
  EXPECT_EQ(class_of(reply->faults[0].code), CodeClass::document);
  EXPECT_EQ(find("{}", R"({"_id":1})"), Texts({R"({"_id":"a"})", R"({"_id":"c"})"}));
}

// More than one command holds, by bytes and by statements.
TEST_P(PortWrites, CarryOutLargeBulks) {
  constexpr int large = 7;
  constexpr int small = 10'000;
  Bulk bulk;
  for (int i = 0; i < large; ++i) bulk.add_large(fmt::format("large{}", i), 8'000'000);
  for (int i = 0; i < small; ++i) {
    const std::string id = std::to_string(i);
    bulk.add(older(id, 1), query_of(document(id, 1)));
  }
  put({document("1234", 5), document("9999", 5)});
  const auto reply = port->update(name, bulk.statements(), limit);
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->inserted, static_cast<std::uint64_t>(large + small - 2));
  EXPECT_EQ(shown(reply->faults), Texts({"index 1241: 11000 _id_ (_id)", "index 10006: 11000 _id_ (_id)"}));
  Texts filters;
  for (int i = 0; i < small; ++i) filters.push_back(fmt::format(R"({{"_id":"{}"}})", i));
  EXPECT_EQ(remove(filters).matched, static_cast<std::uint64_t>(small));
  EXPECT_EQ(find("{}", R"({"_id":1})").size(), static_cast<std::size_t>(large));
}

TEST_P(PortWrites, DoNothingWithoutTimeLeft) {
  const std::string filter = query_of(R"({"_id":"a"})");
  const std::string change = query_of(R"({"v":1})");
  const std::vector<UpdateStatement> statements{{filter, change, true}};
  const auto reply = port->update(name, statements, MongoPort::Limit(0));
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().kind, ErrorKind::retry);
  EXPECT_EQ(find("{}"), Texts());
}

// --- indexes and facts

TEST_P(PortIndexes, TellOfThemselves) {
  const auto none = port->indexes_of(name, limit);
  ASSERT_TRUE(none) << none.error().message;
  EXPECT_EQ(none->size(), 0U) << "there is no collection";
  ASSERT_TRUE(port->make_index(name, {"expire_at", {"expire_at"}, false, 0}, limit));
  ASSERT_TRUE(port->make_index(name, {"key", {"h", "r"}, true, std::nullopt}, limit));
  const auto all = port->indexes_of(name, limit);
  ASSERT_TRUE(all) << all.error().message;
  Texts told;
  for (const IndexFacts& index : *all)
    told.push_back(index.name + " " + json_of(index.key) + (index.whole ? " whole" : ""));
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told,
            Texts({R"(_id_ {"_id":1} whole)", R"(expire_at {"expire_at":1} whole)", R"(key {"h":1,"r":1} whole)"}));
  for (const IndexFacts& index : *all) {
    EXPECT_EQ(index.unique || index.name == "_id_", index.name != "expire_at") << index.name;
  }
}

TEST_P(PortIndexes, AreMadeOnce) {
  const NewIndex index{"key", {"h"}, true, std::nullopt};
  for (int i = 0; i < 2; ++i) {
    const auto made = port->make_index(name, index, limit);
    EXPECT_TRUE(made) << made.error().message;
  }
  const auto other = port->make_index(name, {"key", {"other"}, true, std::nullopt}, limit);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::fatal);
}

TEST_P(PortIndexes, AreNotMadeOfDuplicates) {
  put({R"({"_id":"a","h":"1"})", R"({"_id":"b","h":"1"})"});
  const auto made = port->make_index(name, {"key", {"h"}, true, std::nullopt}, limit);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, ErrorKind::fatal);
  EXPECT_TRUE(port->make_index(name, {"plain", {"h"}, false, std::nullopt}, limit));
}

TEST_P(PortIndexes, ComeWithTheFactsOfACollection) {
  const auto absent = port->facts_of(name, limit);
  ASSERT_TRUE(absent) << absent.error().message;
  EXPECT_FALSE(absent->exists);
  put({R"({"_id":"a"})"});
  const auto facts = port->facts_of(name, limit);
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_TRUE(facts->exists);
  EXPECT_EQ(facts->type, "collection");
  EXPECT_FALSE(facts->has_collation);
  EXPECT_FALSE(facts->shard_key);
}

}  // namespace

}  // namespace dynatlas
