// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/buffer.h"
#include "target/mongodb/libmongoc/owned.h"
#include "target/mongodb/libmongoc/server_error.h"
#include "target/mongodb/libmongoc/timed_stream.h"
#include "target/mongodb/libmongoc/write_command.h"
#include "target/mongodb/login.h"
#include "target/mongodb/port.h"

namespace dynatlas {

// What is connected to.
struct ConnectedServer {
  ServerLimits limits;
  bool is_mongos = false;
};

// What a client was made with, and who knows of something newer; null where nobody does.
struct UsedLogin {
  MongoServer server;
  MongoLogin* source = nullptr;
};

// The port on a client of libmongoc that works in the caller's thread alone. Reads go to the primary and have read
// concern majority, writes have write concern majority; all are of the session that began last.
//
// A statement that does not fit a command's body (a document of nearly 16 MiB) goes by libmongoc's bulk API, which
// takes no maxTimeMS: there only the wait for it ends with the limit, so that the server may carry it out a little
// later where it is slow to notice that the connection is gone.
class MongocPort : public MongoPort {
 public:
  MongocPort(std::unique_ptr<Connections> connections, OwnedClient client, ConnectedServer server, UsedLogin login);
  ~MongocPort() override;
  MongocPort(const MongocPort&) = delete;
  MongocPort& operator=(const MongocPort&) = delete;

  void begin_session() override { session_.reset(); }

  Result<std::vector<std::string>> find(const CollectionName& name, std::string_view filter,
                                        std::string_view projection, Limit limit) override;
  Result<std::vector<std::string>> find_first(const CollectionName& name, std::string_view filter,
                                              std::string_view sort, std::int64_t documents_max, Limit limit) override;
  Result<WriteReply> update(const CollectionName& name, std::span<const UpdateStatement> statements,
                            Limit limit) override;
  Result<WriteReply> remove(const CollectionName& name, std::span<const DeleteStatement> statements,
                            Limit limit) override;
  Result<CollectionFacts> facts_of(const CollectionName& name, Limit limit) override;
  Result<std::vector<IndexFacts>> indexes_of(const CollectionName& name, Limit limit) override;
  Result<void> make_index(const CollectionName& name, const NewIndex& index, Limit limit) override;

 private:
  // Begins a call; its options hold the session.
  Result<void> begin(const CommandName& command, Limit limit, Bson& options);
  void log_in();
  Result<void> renew_login();
  Result<void> use(const MongoServer& server);
  bool is_refused(const bson_error_t& error);
  // What a command that failed becomes. A login that the server did not take is renewed with the next session.
  Error failed(const CommandName& command, const bson_error_t& error, const bson_t& reply);
  void append_time_left(Bson& document) const;
  OwnedCollection collection_of(const CollectionName& name) const;

  Result<std::vector<std::string>> read_all(const CommandName& command, std::string_view filter, const Bson& options);
  template <class Statement>
  Result<WriteReply> write(const CommandName& command, std::span<const Statement> statements, Limit limit);
  template <class Statement>
  Result<WriteReply> write_some(const CommandName& command, std::span<const Statement>& statements,
                                const Bson& options);
  Result<WriteReply> write_alone(const CommandName& command, const UpdateStatement& statement, const Bson& options);
  Result<WriteReply> write_alone(const CommandName& command, const DeleteStatement& statement, const Bson& options);

  // The answer to a command about a collection, such as listIndexes: on the primary, with neither concern.
  Result<void> run(const CommandName& command, Limit limit, Bson& body, Bson& reply);
  // The same of one that answers with a cursor: its documents.
  Result<std::vector<std::string>> list(const CommandName& command, Limit limit, Bson& body);
  Result<std::optional<std::string>> shard_key_of(const CollectionName& name, Limit limit);

  std::unique_ptr<Connections> connections_;  // outlives the client
  OwnedClient client_;
  OwnedSession session_;
  ConnectedServer server_;
  UsedLogin login_;
  std::optional<MongoLogin::Fault> fault_;  // of the last session
  std::optional<std::chrono::steady_clock::time_point> refused_at_;
  std::chrono::steady_clock::time_point not_before_{};  // of the next try to take on another login
  std::string not_renewed_;                             // why; empty where nothing was to be renewed, or it was
  Buffer body_;
};

}  // namespace dynatlas
