// SPDX-License-Identifier: Apache-2.0
//
// What every target promises, kept by the one of MongoDB on the simulated server; and what every port promises, kept by
// that server's.
#include "target/mongodb/mongo_target.h"

#include "simulation/fair_weather.h"
#include "simulation/server.h"
#include "simulation/simulated_port.h"
#include "support/port_contract.h"
#include "support/target_contract.h"
#include "target/mongodb/mongo_letters.h"

namespace dynatlas::simulation {

namespace {

constexpr std::string_view everything{"\5\0\0\0\0", 5};

class SimulatedTargetPlace : public TargetPlace {
 public:
  Result<std::unique_ptr<Target>> open() override {
    MongoTargetOptions options;
    options.state_database = "state";
    options.seed = 1;
    return std::unique_ptr<Target>(
        std::make_unique<MongoTarget>(std::make_unique<SimulatedPort>(server_, weather_), weather_, options));
  }

  std::vector<std::string> documents(const Destination& destination) override {
    return server_.find({destination.database, destination.collection}, everything);
  }

  std::vector<std::string> dead_letters() override {
    return server_.find({"state", "dynatlas.dead_letters"}, everything);
  }

  Result<std::unique_ptr<DeadLetters>> letters() override {
    MongoLettersOptions options;
    options.state_database = "state";
    options.seed = 1;
    return std::unique_ptr<DeadLetters>(
        std::make_unique<MongoLetters>(std::make_unique<SimulatedPort>(server_, weather_), weather_, options));
  }

  void put(const Destination& destination, const std::vector<std::string>& documents) override {
    for (const std::string& document : documents) server_.put({destination.database, destination.collection}, document);
  }

 private:
  Server server_;
  FairWeather weather_;
};

std::unique_ptr<TargetPlace> make_simulated_place() { return std::make_unique<SimulatedTargetPlace>(); }

INSTANTIATE_TARGET_CONTRACT(SimulatedMongo, make_simulated_place);

class SimulatedPortPlace : public PortPlace {
 public:
  std::string database() override { return "shop"; }
  std::unique_ptr<MongoPort> open() override { return std::make_unique<SimulatedPort>(server_, weather_); }
  void put(const CollectionName& name, const std::vector<std::string>& documents) override {
    for (const std::string& document : documents) server_.put(name, document);
  }

 private:
  Server server_;
  FairWeather weather_;
};

std::unique_ptr<PortPlace> make_simulated_port_place() { return std::make_unique<SimulatedPortPlace>(); }

INSTANTIATE_PORT_CONTRACT(Simulated, make_simulated_port_place);

}  // namespace

}  // namespace dynatlas::simulation
