// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/connect.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <thread>

#include "target/mongodb/libmongoc/make_client.h"
#include "target/mongodb/libmongoc/mongoc_port.h"
#include "target/mongodb/libmongoc/uri.h"

namespace dynatlas {

namespace {

// An election normally ends within 12 s.
constexpr std::chrono::milliseconds patience = std::chrono::seconds(20);
constexpr std::chrono::milliseconds between_looks{500};

constexpr std::int32_t wire_version_min = 9;  // MongoDB 4.4

// Whether a member of a replica set answers, though none may be its primary.
bool members_answer(const mongoc_client_t* client) {
  std::size_t count = 0;
  mongoc_server_description_t** servers = mongoc_client_get_server_descriptions(client, &count);
  bool any = false;
  for (std::size_t i = 0; i < count; ++i)
    any = any || std::string_view(mongoc_server_description_type(servers[i])).substr(0, 2) == "RS";
  mongoc_server_descriptions_destroy_all(servers, count);
  return any;
}

Result<OwnedServer> select(mongoc_client_t* client, const Connections& connections) {
  const Bson none;
  for (;;) {
    bson_error_t error{};
    OwnedServer server(mongoc_client_select_server(client, true, nullptr, &error));
    if (server) return server;
    const bool may_pass = !is_too_old(error) && members_answer(client);
    if (!may_pass || connections.time_left() <= between_looks) return error_of_start(error, *none.get(), connections);
    std::this_thread::sleep_for(between_looks);
  }
}

std::int64_t number_in(const bson_t& hello, const char* name, std::int64_t otherwise) {
  bson_iter_t iter;
  if (!bson_iter_init_find(&iter, &hello, name) || !BSON_ITER_HOLDS_NUMBER(&iter)) return otherwise;
  return bson_iter_as_int64(&iter);
}

bool holds_true(const bson_t& hello, const char* name) {
  bson_iter_t iter;
  return bson_iter_init_find(&iter, &hello, name) && bson_iter_as_bool(&iter);
}

std::size_t limit_in(const bson_t& hello, const char* name, std::size_t otherwise) {
  const std::int64_t limit = number_in(hello, name, 0);
  return limit > 0 ? static_cast<std::size_t>(limit) : otherwise;
}

Result<ConnectedServer> server_in(const bson_t& hello, const mongoc_uri_t* uri) {
  if (number_in(hello, "maxWireVersion", 0) < wire_version_min)
    return fatal("this MongoDB server is too old: versions from 4.4 on are supported");
  if (!holds_true(hello, "ismaster") && !holds_true(hello, "isWritablePrimary")) {
    return fatal(
        "this MongoDB server is not its replica set's primary, and takes no writes: name the set in the URI by "
        "replicaSet=NAME, without directConnection");
  }
  ConnectedServer server;
  server.limits.document_bytes_max = limit_in(hello, "maxBsonObjectSize", server.limits.document_bytes_max);
  server.limits.statements_max = limit_in(hello, "maxWriteBatchSize", server.limits.statements_max);
  server.limits.journal = mongoc_write_concern_get_journal(mongoc_uri_get_write_concern(uri));
  bson_iter_t iter;
  server.is_mongos = bson_iter_init_find(&iter, &hello, "msg") && text_at(iter) == "isdbgrid";
  return server;
}

Result<void> ping(mongoc_client_t* client, const Connections& connections, const MongoServer& server) {
  Bson command;
  BSON_APPEND_INT32(command.get(), "ping", 1);
  Bson reply;
  bson_error_t error{};
  if (!mongoc_client_command_simple(client, "admin", command.get(), nullptr, reply.get(), &error))
    return is_refusal(error, connections) && server.keys ? fatal(refused_keys(*server.keys))
                                                         : error_of_start(error, *reply.get(), connections);
  return {};
}

}  // namespace

Result<std::unique_ptr<MongoPort>> connect(const MongoServer& server, MongoLogin* login) {
  RETURN_IF_ERROR(read_uri(server.uri));
  auto connections = std::make_unique<Connections>();
  connections->begin_call(patience);
  ASSIGN_OR_RETURN(OwnedClient client, make_client(server, *connections));
  const mongoc_uri_t* const uri = mongoc_client_get_uri(client.get());
  ASSIGN_OR_RETURN(const OwnedServer selected, select(client.get(), *connections));
  ASSIGN_OR_RETURN(const ConnectedServer connected,
                   server_in(*mongoc_server_description_hello_response(selected.get()), uri));
  RETURN_IF_ERROR(ping(client.get(), *connections, server));
  return std::unique_ptr<MongoPort>(
      std::make_unique<MongocPort>(std::move(connections), std::move(client), connected, UsedLogin{server, login}));
}

}  // namespace dynatlas
