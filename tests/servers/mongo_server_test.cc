// SPDX-License-Identifier: Apache-2.0
//
// The contracts of every port and every target, kept on a real server by the port on libmongoc.
#include "base/clock.h"
#include "servers/test_server.h"
#include "support/port_contract.h"
#include "support/target_contract.h"
#include "target/mongodb/mongo_letters.h"
#include "target/mongodb/mongo_target.h"

namespace dynatlas {

namespace {

class ServerPortPlace : public PortPlace {
 public:
  std::string database() override { return database_.name(); }
  std::unique_ptr<MongoPort> open() override { return database_.open_port(); }
  void put(const CollectionName& name, const std::vector<std::string>& documents) override {
    database_.insert(name, documents);
  }

 private:
  ServerDatabase database_;
};

std::unique_ptr<PortPlace> make_port_place() { return std::make_unique<ServerPortPlace>(); }

INSTANTIATE_PORT_CONTRACT(MongoServer, make_port_place);

class ServerTargetPlace : public TargetPlace {
 public:
  std::string database() override { return database_.name(); }

  Result<std::unique_ptr<Target>> open() override {
    MongoTargetOptions options;
    options.state_database = database_.name();
    return std::unique_ptr<Target>(std::make_unique<MongoTarget>(database_.open_port(), system_clock(), options));
  }

  std::vector<std::string> documents(const Destination& destination) override {
    return database_.documents({destination.database, destination.collection});
  }

  std::vector<std::string> dead_letters() override {
    return database_.documents({database_.name(), "dynatlas.dead_letters"});
  }

  Result<std::unique_ptr<DeadLetters>> letters() override {
    MongoLettersOptions options;
    options.state_database = database_.name();
    return std::unique_ptr<DeadLetters>(std::make_unique<MongoLetters>(database_.open_port(), system_clock(), options));
  }

  void put(const Destination& destination, const std::vector<std::string>& documents) override {
    database_.insert({destination.database, destination.collection}, documents);
  }

 private:
  ServerDatabase database_;
};

std::unique_ptr<TargetPlace> make_target_place() { return std::make_unique<ServerTargetPlace>(); }

INSTANTIATE_TARGET_CONTRACT(MongoServer, make_target_place);

}  // namespace

}  // namespace dynatlas
