// SPDX-License-Identifier: Apache-2.0
#include "servers/test_server.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <random>
#include <stdexcept>

#include "target/mongodb/options.h"

namespace dynatlas {

namespace {

bson_t lent(const std::string& document) {
  bson_t bson;
  if (!bson_init_static(&bson, reinterpret_cast<const std::uint8_t*>(document.data()), document.size()))
    throw std::invalid_argument("no BSON");
  return bson;
}

void check(bool done, const bson_error_t& error) {
  if (!done) throw std::runtime_error(error.message);
}

}  // namespace

std::string test_server_uri() {
  const char* uri = std::getenv("DYNATLAS_TEST_MONGODB_URI");
  if (uri == nullptr) throw std::runtime_error("DYNATLAS_TEST_MONGODB_URI must name a MongoDB server");
  return uri;
}

ServerDatabase::ServerDatabase()
    : name_(fmt::format("dynatlas_test_{:08x}", std::random_device()())),
      client_((mongoc_init(), mongoc_client_new(test_server_uri().c_str()))) {
  if (client_ == nullptr) throw std::runtime_error("DYNATLAS_TEST_MONGODB_URI is no URI of MongoDB");
}

ServerDatabase::~ServerDatabase() {
  mongoc_database_t* database = mongoc_client_get_database(client_, name_.c_str());
  mongoc_database_drop(database, nullptr);
  mongoc_database_destroy(database);
  mongoc_client_destroy(client_);
}

std::unique_ptr<MongoPort> ServerDatabase::open_port() const {
  auto port = connect_mongo({test_server_uri()});
  if (!port) throw std::runtime_error(port.error().message);
  return *std::move(port);
}

void ServerDatabase::insert(const CollectionName& name, const std::vector<std::string>& documents) {
  mongoc_collection_t* collection =
      mongoc_client_get_collection(client_, name.database.c_str(), name.collection.c_str());
  bson_error_t error{};
  bool done = true;
  bson_t* unchecked = BCON_NEW("validate", BCON_BOOL(false));
  for (std::size_t i = 0; done && i < documents.size(); ++i) {
    const bson_t document = lent(documents[i]);
    done = mongoc_collection_insert_one(collection, &document, unchecked, nullptr, &error);
  }
  bson_destroy(unchecked);
  mongoc_collection_destroy(collection);
  check(done, error);
}

std::vector<std::string> ServerDatabase::documents(const CollectionName& name) {
  mongoc_collection_t* collection =
      mongoc_client_get_collection(client_, name.database.c_str(), name.collection.c_str());
  const bson_t everything = BSON_INITIALIZER;
  mongoc_cursor_t* cursor = mongoc_collection_find_with_opts(collection, &everything, nullptr, nullptr);
  std::vector<std::string> documents;
  const bson_t* document = nullptr;
  while (mongoc_cursor_next(cursor, &document))
    documents.emplace_back(reinterpret_cast<const char*>(bson_get_data(document)), document->len);
  bson_error_t error{};
  const bool done = !mongoc_cursor_error(cursor, &error);
  mongoc_cursor_destroy(cursor);
  mongoc_collection_destroy(collection);
  check(done, error);
  return documents;
}

}  // namespace dynatlas
