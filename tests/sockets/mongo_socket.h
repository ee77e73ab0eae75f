// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/fake_mongod.h"
#include "support/target_contract.h"
#include "target/mongodb/options.h"

namespace dynatlas {

using std::chrono::milliseconds;

// The port on libmongoc, and a server on the other end that says what a test wants.
class MongoSocket : public testing::Test {
 protected:
  static constexpr milliseconds enough{5000};

  void SetUp() override { connect(); }

  void connect(const std::string& options = "") {
    port.reset();
    auto connected = connect_mongo({server.uri(options)});
    if (!connected) throw std::runtime_error(connected.error().message);
    port = *std::move(connected);
  }

  // {_id: n} becomes {_id: n, v: 1}, for so many n.
  Result<WriteReply> update(int count, milliseconds limit = enough, bool upsert = false) {
    filters.clear();
    documents.clear();
    for (int n = 0; n < count; ++n) {
      filters.push_back(bson_of(fmt::format(R"({{"_id":{}}})", n)));
      documents.push_back(bson_of(fmt::format(R"({{"_id":{},"v":1}})", n)));
    }
    std::vector<UpdateStatement> statements;
    for (std::size_t n = 0; n < filters.size(); ++n) statements.push_back({filters[n], documents[n], upsert});
    return port->update(name, statements, limit);
  }

  Result<WriteReply> upsert(int count) { return update(count, enough, true); }

  Result<WriteReply> remove(int count) {
    filters.clear();
    for (int n = 0; n < count; ++n) filters.push_back(bson_of(fmt::format(R"({{"_id":{}}})", n)));
    std::vector<DeleteStatement> statements;
    for (const std::string& filter : filters) statements.push_back({filter});
    return port->remove(name, statements, enough);
  }

  // What `update` becomes where the server answers so.
  Result<WriteReply> update_answered(const std::string& json, int count = 1) {
    server.next("update", FakeReply::answer(json));
    return update(count);
  }

  FakeMongod server;
  std::unique_ptr<MongoPort> port;
  CollectionName name{"shop", "customers"};
  std::vector<std::string> filters;
  std::vector<std::string> documents;
};

// "0 11000 email_1(email)" for each fault.
inline std::vector<std::string> shown(const std::vector<StatementFault>& faults) {
  std::vector<std::string> texts;
  texts.reserve(faults.size());
  for (const StatementFault& fault : faults)
    texts.push_back(
        fmt::format("{} {} {}({})", fault.index, fault.code, fault.index_name, fmt::join(fault.index_fields, ",")));
  return texts;
}

template <class Value>
std::string shown_error(const Result<Value>& result) {
  constexpr const char* kinds[] = {"retry", "poison", "fatal", "usage"};
  if (result) return "no error";
  return fmt::format("{}: {}", kinds[static_cast<int>(result.error().kind)], result.error().message);
}

inline milliseconds spent(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - since);
}

}  // namespace dynatlas
