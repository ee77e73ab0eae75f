// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mongoc/mongoc.h>

#include <memory>
#include <string>
#include <vector>

#include "target/mongodb/port.h"

namespace dynatlas {

// The server that DYNATLAS_TEST_MONGODB_URI names: std::runtime_error where it is not set or does not answer.
std::string test_server_uri();

// A database of its own on that server, which somebody else than dynatlas writes into and drops at the end.
class ServerDatabase {
 public:
  ServerDatabase();
  ~ServerDatabase();
  ServerDatabase(const ServerDatabase&) = delete;
  ServerDatabase& operator=(const ServerDatabase&) = delete;

  const std::string& name() const { return name_; }
  std::unique_ptr<MongoPort> open_port() const;
  void insert(const CollectionName& name, const std::vector<std::string>& documents);
  std::vector<std::string> documents(const CollectionName& name);

 private:
  std::string name_;
  mongoc_client_t* client_;
};

}  // namespace dynatlas
