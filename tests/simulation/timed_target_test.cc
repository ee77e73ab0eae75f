// SPDX-License-Identifier: Apache-2.0
//
// What MongoTarget promises of time, on the simulated server.
#include <gtest/gtest.h>

#include "change/bson.h"
#include "simulation/fair_weather.h"
#include "simulation/server.h"
#include "simulation/simulated_port.h"
#include "target/mongodb/mongo_target.h"

namespace dynatlas::simulation {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::string_view everything{"\5\0\0\0\0", 5};

class TimedTargetTest : public testing::Test {
 protected:
  TimedTargetTest() {
    rules.items.names.metadata = "_dynatlas";
    change.destination = &destination;
    start();
  }

  // Another process.
  void start() {
    MongoTargetOptions options;
    options.state_database = "state";
    options.seed = 1;
    options.settles_by_itself = false;
    options.on_documents = IndexOnDocuments::refuse;
    target.emplace(std::make_unique<SimulatedPort>(server, weather), weather, options);
  }

  Result<Applied> remove() {
    change.operation = Record::Operation::remove;
    change.key = {BsonType::string, string_value("a")};
    if (rules.id == IdForm::objectid) change.key = {BsonType::document, key_fields()};
    change.version = Version{weather.now().time_since_epoch().count(), "k0011"};
    change.kind = "timed";
    return target->apply(std::span(&change, 1));
  }

  static std::string key_fields(const std::string& name = "pk") {
    Buffer out;
    OpenDocument key(out);
    append_string_element(out, name, "a");
    key.close();
    return std::string(out.view());
  }

  Result<void> recall() {
    return target->recall(
        "shop", [this](const std::string& name) { return name == destination.collection ? &destination : nullptr; });
  }

  // A writer that died before its look-up after left it.
  void leave_zombie() {
    Buffer out;
    OpenDocument document(out);
    append_string_element(out, "_id", "a");
    append_string_element(out, "pk", "a");
    begin_element(out, BsonType::document, "_dynatlas");
    OpenDocument metadata(out);
    append_int64(out, "t", 1);
    append_string_element(out, "s", "k0010");
    metadata.close();
    document.close();
    server.put({"shop", destination.collection}, std::string(out.view()));
  }

  std::size_t documents() { return server.find({"shop", destination.collection}, everything).size(); }

  Server server;
  FairWeather weather;
  TableRules rules;
  Destination destination{"shop", "t", &rules};
  Change change;  // the last one
  std::optional<MongoTarget> target;
};

TEST_F(TimedTargetTest, SettlesOnlyWhenItIsToldTo) {
  ASSERT_TRUE(remove());
  leave_zombie();
  weather.sleep(minutes(11));
  ASSERT_TRUE(target->settle_until(weather.now()));  // no time at all
  EXPECT_EQ(documents(), 1U);
  ASSERT_TRUE(target->settle_until(weather.now() + milliseconds(50)));
  EXPECT_EQ(documents(), 0U);
}

TEST_F(TimedTargetTest, SettlesOnceAMinute) {
  ASSERT_TRUE(remove());
  weather.sleep(minutes(10) - seconds(30));
  ASSERT_TRUE(target->settle_until(weather.now() + milliseconds(50)));  // not due yet
  leave_zombie();
  weather.sleep(seconds(45));
  ASSERT_TRUE(target->settle_until(weather.now() + milliseconds(50)));
  EXPECT_EQ(documents(), 1U);
  weather.sleep(seconds(30));
  ASSERT_TRUE(target->settle_until(weather.now() + milliseconds(50)));
  EXPECT_EQ(documents(), 0U);
}

TEST_F(TimedTargetTest, SettlesWhatEarlierProcessesWroteOnceItRecallsIt) {
  for (const IdForm id : {IdForm::key, IdForm::objectid}) {
    rules.id = id;
    destination.collection = id == IdForm::key ? "t" : "u";
    ASSERT_TRUE(remove());
    leave_zombie();
    weather.sleep(minutes(11));
    start();
    ASSERT_TRUE(target->settle_until(weather.now() + milliseconds(50)));
    EXPECT_EQ(documents(), 1U);
    ASSERT_TRUE(recall());  // and not a minute later
    ASSERT_TRUE(target->settle_until(weather.now() + milliseconds(50)));
    EXPECT_EQ(documents(), 0U);
  }
}

TEST_F(TimedTargetTest, SettlesOneCollectionAfterTheOtherHoweverShortTheTimeIs) {
  std::vector<Destination> several{destination, destination, destination};
  for (std::size_t i = 0; i < several.size(); ++i) {
    several[i].collection = "t" + std::to_string(i);
    change.destination = &several[i];
    ASSERT_TRUE(remove());
    destination.collection = several[i].collection;
    leave_zombie();
  }
  weather.sleep(minutes(11));
  weather.a_call_takes = milliseconds(60);
  for (std::size_t i = 0; i < several.size(); ++i) ASSERT_TRUE(target->settle_until(weather.now() + milliseconds(50)));
  for (const Destination& one : several) {
    destination.collection = one.collection;
    EXPECT_EQ(documents(), 0U) << one.collection;
  }
}

TEST_F(TimedTargetTest, KeepsToTheKeyAttributesThatItFindsDocumentsBy) {
  rules.id = IdForm::objectid;
  ASSERT_TRUE(remove());
  change.key.value = key_fields("other");
  change.version = Version{weather.now().time_since_epoch().count(), "k0012"};
  const auto refused = target->apply(std::span(&change, 1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::fatal);
  EXPECT_NE(refused.error().message.find("is found by pk, and"), std::string::npos) << refused.error().message;
}

TEST_F(TimedTargetTest, RecallsNothingOfAnotherMapping) {
  ASSERT_TRUE(remove());
  leave_zombie();
  weather.sleep(minutes(11));
  start();
  rules.fingerprint = "another";
  ASSERT_TRUE(recall());
  ASSERT_TRUE(target->settle_until(weather.now() + milliseconds(50)));
  EXPECT_EQ(documents(), 1U);
}

TEST_F(TimedTargetTest, SaysWhichIndexACollectionWithDocumentsLacks) {
  rules.id = IdForm::objectid;
  leave_zombie();
  const auto refused = remove();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::fatal);
  const std::string command = R"(db.getSiblingDB("shop").getCollection("t").createIndex({"pk": 1}, {unique: true}))";
  EXPECT_NE(refused.error().message.find(command), std::string::npos) << refused.error().message;
  EXPECT_TRUE(server.find({"shop", "dynatlas.tombstones.t"}, everything).empty());
  SimulatedPort port(server, weather);
  ASSERT_TRUE(port.make_index({"shop", "t"}, {"by_pk", {"pk"}, true, std::nullopt}, seconds(1)));
  EXPECT_TRUE(remove());
}

TEST_F(TimedTargetTest, SendsNothingAfterItsEnd) {
  target->end_by(weather.now());
  const auto applied = remove();
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().kind, ErrorKind::retry);
  EXPECT_TRUE(server.find({"shop", "dynatlas.tombstones.t"}, everything).empty());
  target->end_by(weather.now() + seconds(10));
  EXPECT_TRUE(remove());
}

}  // namespace
}  // namespace dynatlas::simulation
