// SPDX-License-Identifier: Apache-2.0
//
// Two writers that are the first of a key (docs/mongodb.md): E11000 does not say that something newer is there.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <future>

#include "sockets/stored_mongod.h"
#include "support/target_contract.h"
#include "target/mongodb/mongo_target.h"
#include "target/mongodb/options.h"

namespace dynatlas {

namespace {

constexpr int rounds = 100;

std::string document_of(int round, int version) {
  return bson_of(fmt::format(R"({{"_id":"key {}","v":{},"_dynatlas":{{"t":{{"$numberLong":"{}"}},"s":"k0011"}}}})",
                             round, version, version));
}

class MongoRace : public testing::Test {
 protected:
  static constexpr int older = 5;
  static constexpr int newer = 7;

  MongoRace() {
    rules.items.names.metadata = "_dynatlas";
    rules.items.key = {"pk"};
    rules.fingerprint = "one mapping";
  }

  std::unique_ptr<MongoPort> connected() const {
    auto port = connect_mongo({server.uri()});
    if (!port) throw std::runtime_error(port.error().message);
    return *std::move(port);
  }

  // In how many rounds the newer one was lost; each time `write` writes one version of a key that is not there yet.
  template <class Writer>
  int lost(Writer& one, Writer& other) {
    for (int round = 0; round < rounds; ++round) {
      server.let_older_insert_first(round % 2 == 0);
      auto behind = std::async(std::launch::async, [&] { one.write(round, older); });
      other.write(round, newer);
      behind.get();
    }
    int kept = 0;
    for (const std::string& document : server.documents(name))
      kept += json_of(document).find(fmt::format(R"("v":{})", newer)) != std::string::npos ? 1 : 0;
    return rounds - kept;
  }

  TableRules rules;
  Destination destination{"shop", "customers", &rules};
  CollectionName name{"shop", "customers"};
  StoredMongod server{name};
};

class TargetWriter {
 public:
  TargetWriter(std::unique_ptr<MongoPort> port, const Destination& destination)
      : target_(std::move(port), system_clock(), options()), destination_(destination) {}

  void write(int round, int version) {
    Change change;
    change.destination = &destination_;
    change.key = key_of(fmt::format(R"("key {}")", round));
    change.version = kinesis(version);
    change.kind = "timed";
    change.document = document_of(round, version);
    const auto applied = target_.apply(std::span(&change, 1));
    if (!applied) throw std::runtime_error(applied.error().message);
  }

 private:
  static MongoTargetOptions options() {
    MongoTargetOptions options;
    options.state_database = "shop";
    return options;
  }

  MongoTarget target_;
  const Destination& destination_;
};

TEST_F(MongoRace, NeverLosesTheNewerOne) {
  TargetWriter one(connected(), destination);
  TargetWriter other(connected(), destination);
  EXPECT_EQ(lost(one, other), 0);
}

// What M-8 warns of: it takes a duplicate key for a newer document.
class BelievingWriter {
 public:
  BelievingWriter(std::unique_ptr<MongoPort> port, CollectionName name)
      : port_(std::move(port)), name_(std::move(name)) {}

  void write(int round, int version) {
    const std::string filter = older_than(round, version);
    const std::string document = document_of(round, version);
    const auto reply =
        port_->update(name_, std::vector<UpdateStatement>{{filter, document, true}}, std::chrono::seconds(10));
    if (!reply) throw std::runtime_error(reply.error().message);
  }

 private:
  static std::string older_than(int round, int version) {
    const std::string bound = bson_of(fmt::format(R"({{"x":{{"$numberLong":"{}"}}}})", version));
    BsonReader reader(elements_of(bound));
    BsonElement value;
    reader.next(value);
    Buffer out;
    OpenDocument filter(out);
    append_string_element(out, "_id", fmt::format("key {}", round));
    begin_element(out, BsonType::document, "_dynatlas.t");
    OpenDocument condition(out);
    append_element(out, value.type, "$lt", value.value);
    condition.close();
    filter.close();
    return std::string(out.view());
  }

  std::unique_ptr<MongoPort> port_;
  CollectionName name_;
};

TEST_F(MongoRace, IsThereToBeLost) {
  BelievingWriter one(connected(), name);
  BelievingWriter other(connected(), name);
  EXPECT_EQ(lost(one, other), rounds / 2);
}

}  // namespace

}  // namespace dynatlas
