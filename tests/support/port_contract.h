// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "target/mongodb/port.h"

namespace dynatlas {

// A server that ports are opened on.
class PortPlace {
 public:
  virtual ~PortPlace() = default;

  // A database of its own, empty at first.
  virtual std::string database() = 0;

  // Never null: where the server does not answer, it throws.
  virtual std::unique_ptr<MongoPort> open() = 0;

  // Inserts documents as somebody else would.
  virtual void put(const CollectionName& name, const std::vector<std::string>& documents) = 0;
};

// A port under test: its name in the tests' names, and a new place for each test.
struct PortMaker {
  std::string name;
  std::function<std::unique_ptr<PortPlace>()> make;

  friend void PrintTo(const PortMaker& maker, std::ostream* out) { *out << maker.name; }
};

// What port.h promises (tests/port_*_test.cc). Documents are written as Extended JSON.
class PortContract : public testing::TestWithParam<PortMaker> {
 protected:
  struct Update {
    std::string filter;
    std::string update;
    bool upsert = false;
  };

  void SetUp() override;

  void put(const std::vector<std::string>& documents);

  // What was found, as canonical Extended JSON, sorted by text; a failure of the test where the port refuses.
  std::vector<std::string> find(std::string_view filter, std::string_view projection = "{}");
  std::vector<std::string> find_first(std::string_view filter, std::string_view sort, std::int64_t documents_max);

  WriteReply update(const std::vector<Update>& statements);
  WriteReply remove(const std::vector<std::string>& filters);

  std::unique_ptr<PortPlace> place;
  std::unique_ptr<MongoPort> port;
  CollectionName name;

  static constexpr MongoPort::Limit limit = std::chrono::seconds(60);
};

class PortReads : public PortContract {};
class PortWrites : public PortContract {};
class PortIndexes : public PortContract {};

#define INSTANTIATE_PORT_SUITE(name, suite, make) \
  INSTANTIATE_TEST_SUITE_P(name, suite, testing::Values(PortMaker{#name, make}))
#define INSTANTIATE_PORT_CONTRACT(name, make)     \
  INSTANTIATE_PORT_SUITE(name, PortReads, make);  \
  INSTANTIATE_PORT_SUITE(name, PortWrites, make); \
  INSTANTIATE_PORT_SUITE(name, PortIndexes, make)

// The BSON of a filter, an update or a document: Extended JSON, and any other name that begins with `$`.
std::string query_of(std::string_view json);

// "index 1: 11000 _id_ (_id)", one for each fault.
std::vector<std::string> shown(const std::vector<StatementFault>& faults);

}  // namespace dynatlas
