// SPDX-License-Identifier: Apache-2.0
//
// What MongoTarget does while a unique index of the user's refuses a change, on the simulated server.
#include <gtest/gtest.h>

#include "change/bson.h"
#include "simulation/fair_weather.h"
#include "simulation/server.h"
#include "simulation/simulated_port.h"
#include "target/mongodb/mongo_target.h"

namespace dynatlas::simulation {
namespace {

constexpr std::string_view everything{"\5\0\0\0\0", 5};

class UniqueIndexTest : public testing::Test {
 protected:
  UniqueIndexTest() {
    rules.items.names.metadata = "_dynatlas";
    EXPECT_TRUE(server.make_index({"shop", "t"}, {"users", {"u"}, true, std::nullopt}));
    MongoTargetOptions options;
    options.state_database = "state";
    options.seed = 1;
    target.emplace(std::make_unique<SimulatedPort>(server, weather), weather, options);
  }

  Change change_of(const std::string& key, int number) {
    Change change;
    change.destination = &destination;
    change.key = {BsonType::string, string_value(key)};
    change.version = Version{number, kinesis_place(std::to_string(number))};
    change.kind = "timed";
    return change;
  }

  Change remove(const std::string& key, int number) {
    Change change = change_of(key, number);
    change.operation = Record::Operation::remove;
    return change;
  }

  Change upsert(const std::string& key, int number, const std::string& unique) {
    Change change = change_of(key, number);
    Buffer out;
    OpenDocument document(out);
    append_string_element(out, "_id", key);
    append_string_element(out, "u", unique);
    begin_element(out, BsonType::document, "_dynatlas");
    OpenDocument metadata(out);
    append_int64(out, "t", number);
    append_string_element(out, "s", change.version->s);
    metadata.close();
    document.close();
    change.document = out.view();
    return change;
  }

  Applied apply(const std::vector<Change>& changes) {
    const Result<Applied> applied = target->apply(changes);
    EXPECT_TRUE(applied);
    return applied ? *applied : Applied();
  }

  // The value of `u` in the document of the key; empty where there is none.
  std::string stored(const std::string& key) {
    for (const std::string& document : server.find({"shop", "t"}, everything))
      if (string_text(find_element(document, "_id")->value) == key)
        return std::string(string_text(find_element(document, "u")->value));
    return "";
  }

  Server server;
  FairWeather weather;
  TableRules rules;
  Destination destination{"shop", "t", &rules};
  std::optional<MongoTarget> target;
};

TEST_F(UniqueIndexTest, RemovesWhatStoodBeforeTheChangeThatWaits) {
  apply({upsert("holder", 1, "x"), upsert("a", 2, "y")});
  const Applied applied = apply({remove("a", 3), upsert("a", 4, "x")});
  EXPECT_EQ(applied.removed, 1U);
  EXPECT_EQ(applied.coalesced, 0U);
  ASSERT_EQ(applied.refused.size(), 1U);
  EXPECT_EQ(applied.refused[0].index, 1U);
  EXPECT_TRUE(applied.refused[0].for_now);
  EXPECT_EQ(stored("a"), "");
  EXPECT_EQ(apply({remove("holder", 5)}).removed, 1U);
  EXPECT_EQ(apply({upsert("a", 4, "x")}).upserted, 1U);
}

TEST_F(UniqueIndexTest, StoresTheNewestThatItCanMeanwhile) {
  apply({upsert("holder", 1, "x")});
  const Applied applied = apply({upsert("a", 2, "y"), upsert("a", 3, "z"), upsert("a", 4, "x")});
  EXPECT_EQ(applied.upserted, 1U);
  EXPECT_EQ(applied.coalesced, 1U);
  EXPECT_EQ(stored("a"), "z");
}

TEST_F(UniqueIndexTest, LetsOnlyTheNewestOfAKeyWait) {
  apply({upsert("holder", 1, "x")});
  const Applied applied = apply({upsert("a", 2, "x"), upsert("a", 3, "x")});
  EXPECT_EQ(applied.coalesced, 1U);
  ASSERT_EQ(applied.refused.size(), 1U);
  EXPECT_EQ(applied.refused[0].index, 1U);
}

}  // namespace
}  // namespace dynatlas::simulation
