// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/make_client.h"

#include <fmt/format.h>

#include <memory>

#include "target/mongodb/libmongoc/uri.h"

namespace dynatlas {

namespace {

Result<OwnedClient> client_of(const mongoc_uri_t* uri) {
  bson_error_t error{};
  OwnedClient client(mongoc_client_new_from_uri_with_error(uri, &error));
  if (!client && mongoc_uri_get_srv_hostname(uri) != nullptr) {
    return retry(
        fmt::format("the SRV record _{}._tcp.{} of the MongoDB URI cannot be found: check the host name and this "
                    "machine's DNS",
                    mongoc_uri_get_srv_service_name(uri), mongoc_uri_get_srv_hostname(uri)));
  }
  if (!client) return fatal("the MongoDB URI's options cannot be used together: check those of TLS and authentication");
  mongoc_client_set_error_api(client.get(), MONGOC_ERROR_API_VERSION_2);
  return client;
}

// The concerns are ours, and stand in each write; reads take the client's.
void set_concerns(mongoc_client_t* client) {
  const std::unique_ptr<mongoc_write_concern_t, Destroy<mongoc_write_concern_destroy>> none(mongoc_write_concern_new());
  mongoc_client_set_write_concern(client, none.get());
  const std::unique_ptr<mongoc_read_concern_t, Destroy<mongoc_read_concern_destroy>> majority(
      mongoc_read_concern_new());
  mongoc_read_concern_set_level(majority.get(), MONGOC_READ_CONCERN_LEVEL_MAJORITY);
  mongoc_client_set_read_concern(client, majority.get());
  const std::unique_ptr<mongoc_read_prefs_t, Destroy<mongoc_read_prefs_destroy>> primary(
      mongoc_read_prefs_new(MONGOC_READ_PRIMARY));
  mongoc_client_set_read_prefs(client, primary.get());
}

}  // namespace

Result<OwnedClient> make_client(const MongoServer& server, Connections& connections) {
  ASSIGN_OR_RETURN(const OwnedUri uri, uri_for_client(server));
  ASSIGN_OR_RETURN(OwnedClient client, client_of(uri.get()));
  connections.serve(client.get());
  set_concerns(client.get());
  return client;
}

}  // namespace dynatlas
