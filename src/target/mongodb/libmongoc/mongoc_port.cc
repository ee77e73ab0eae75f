// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/mongoc_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "target/mongodb/libmongoc/make_client.h"
#include "target/mongodb/libmongoc/uri.h"
#include "target/mongodb/libmongoc/write_reply.h"

namespace dynatlas {

namespace {

// What a client that ends may take to say so to the server. A Lambda function that ends has half a second for all.
constexpr std::chrono::milliseconds farewell{200};

constexpr std::int32_t document_too_large = 10334;  // BSONObjectTooLarge
constexpr std::int32_t unauthorized = 13;           // also for a user who was dropped while he was connected

// For five seconds libmongoc leaves a server alone that it could not authenticate with, and says that there is none.
constexpr std::chrono::milliseconds shunned_for{5500};

// Between two tries to take on another login: whatever is in its way, such as a name server that is silent when a
// mongodb+srv URI is looked up, would take the time of each session.
constexpr std::chrono::minutes hold_off{1};

bool is_replacement(std::string_view update) { return update.size() > 5 && update[5] != '$'; }

// What MongoDB says of a document that is too large; libmongoc does not send one.
WriteReply too_large() { return {0, 0, {StatementFault{0, document_too_large, {}, {}}}}; }

std::uint64_t number_in(const bson_t& reply, const char* name) {
  bson_iter_t iter;
  const bool is_number = bson_iter_init_find(&iter, &reply, name) && BSON_ITER_HOLDS_NUMBER(&iter);
  return is_number ? static_cast<std::uint64_t>(bson_iter_as_int64(&iter)) : 0;
}

void append(WriteReply& whole, WriteReply part, std::size_t first) {
  whole.matched += part.matched;
  whole.inserted += part.inserted;
  for (StatementFault& fault : part.faults) {
    fault.index += first;
    whole.faults.push_back(std::move(fault));
  }
}

}  // namespace

OwnedCollection MongocPort::collection_of(const CollectionName& name) const {
  return OwnedCollection(mongoc_client_get_collection(client_.get(), name.database.c_str(), name.collection.c_str()));
}

MongocPort::MongocPort(std::unique_ptr<Connections> connections, OwnedClient client, ConnectedServer server,
                       UsedLogin login)
    : connections_(std::move(connections)), client_(std::move(client)), server_(server), login_(std::move(login)) {}

MongocPort::~MongocPort() { connections_->begin_call(farewell); }

// A client makes all its connections with what it was made with: another login takes another client.
Result<void> MongocPort::use(const MongoServer& server) {
  RETURN_IF_ERROR(read_uri(server.uri));
  auto connections = std::make_unique<Connections>();
  connections->begin_call(connections_->time_left());
  ASSIGN_OR_RETURN(OwnedClient client, make_client(server, *connections));
  connections_->begin_call(std::min(connections_->time_left(), farewell));
  client_ = std::move(client);
  connections_ = std::move(connections);
  login_.server = server;
  refused_at_.reset();
  return {};
}

// Nothing is held off where the server refused the login there is: it is of no use any more.
Result<void> MongocPort::renew_login() {
  const auto fault = std::exchange(fault_, std::nullopt);
  const bool holds_off = fault != MongoLogin::Fault::refused && std::chrono::steady_clock::now() < not_before_;
  if (holds_off && !fault) return retry(not_renewed_);
  // Half of the call is for what it is made for.
  const MongoLogin::Limit limit = connections_->time_left() / 2;
  ASSIGN_OR_RETURN(const MongoServer server,
                   fault ? login_.source->renewed(login_.server, *fault, limit) : login_.source->current(limit));
  if (server == login_.server) return {};
  return holds_off ? retry(not_renewed_) : use(server);
}

// Where it fails, what there is goes on: connections outlive the login that they were made with.
void MongocPort::log_in() {
  if (login_.source == nullptr) return;
  const Result<void> renewed = renew_login();
  not_renewed_ = renewed ? "" : renewed.error().message;
  const auto now = std::chrono::steady_clock::now();
  if (renewed) {
    not_before_ = now;
  } else if (now >= not_before_) {
    not_before_ = now + hold_off;
  }
  connections_->begin_call(connections_->time_left());
}

bool MongocPort::is_refused(const bson_error_t& error) {
  const auto now = std::chrono::steady_clock::now();
  if (is_refusal(error, *connections_)) {
    refused_at_ = now;
    return true;
  }
  const bool is_shunned = error.domain == MONGOC_ERROR_SERVER_SELECTION && !connections_->lost() &&
                          !connections_->failure() && refused_at_ && now - *refused_at_ < shunned_for;
  return is_shunned;
}

Error MongocPort::failed(const CommandName& command, const bson_error_t& error, const bson_t& reply) {
  const bool refused = is_refused(error);
  if (refused || code_in(reply) == unauthorized) {
    fault_ = MongoLogin::Fault::refused;
  } else if (connections_->lost() || connections_->failure()) {
    fault_ = MongoLogin::Fault::unreachable;
  }
  if (!refused) return error_of_command(command, error, reply, *connections_);
  // While a replica set is in trouble, its members refuse users they know: it passes, or the caller's patience ends.
  return retry(
      fmt::format("{}: {}{}{}", command.text(),
                  login_.server.keys ? refused_keys(*login_.server.keys) : "MongoDB refused the user name or password",
                  not_renewed_.empty() ? "" : "; ", not_renewed_));
}

Result<void> MongocPort::begin(const CommandName& command, Limit limit, Bson& options) {
  connections_->begin_call(limit);
  if (!session_) log_in();
  if (connections_->time_left().count() == 0) return retry(command.text() + ": signing in left no time for it");
  Bson none;
  bson_error_t error{};
  if (!session_) {
    const std::unique_ptr<mongoc_session_opt_t, Destroy<mongoc_session_opts_destroy>> causal(mongoc_session_opts_new());
    mongoc_session_opts_set_causal_consistency(causal.get(), true);
    session_.reset(mongoc_client_start_session(client_.get(), causal.get(), &error));
  }
  if (!session_ || !mongoc_client_session_append(session_.get(), options.get(), &error))
    return failed(command, error, *none.get());
  return {};
}

void MongocPort::append_time_left(Bson& document) const {
  const auto left =
      std::clamp<std::int64_t>(connections_->time_left().count(), 1, std::numeric_limits<std::int32_t>::max());
  BSON_APPEND_INT64(document.get(), "maxTimeMS", left);
}

Result<std::vector<std::string>> MongocPort::find(const CollectionName& name, std::string_view filter,
                                                  std::string_view projection, Limit limit) {
  const CommandName command{"find", name};
  Bson options;
  RETURN_IF_ERROR(begin(command, limit, options));
  if (!projection.empty()) BSON_APPEND_DOCUMENT(options.get(), "projection", LentBson(projection).get());
  return read_all(command, filter, options);
}

Result<std::vector<std::string>> MongocPort::find_first(const CollectionName& name, std::string_view filter,
                                                        std::string_view sort, std::int64_t documents_max,
                                                        Limit limit) {
  const CommandName command{"find", name};
  Bson options;
  RETURN_IF_ERROR(begin(command, limit, options));
  BSON_APPEND_DOCUMENT(options.get(), "sort", LentBson(sort).get());
  BSON_APPEND_INT64(options.get(), "limit", documents_max);
  return read_all(command, filter, options);
}

Result<std::vector<std::string>> MongocPort::read_all(const CommandName& command, std::string_view filter,
                                                      const Bson& options) {
  Bson with_limit;
  bson_concat(with_limit.get(), options.get());
  append_time_left(with_limit);
  const OwnedCollection collection = collection_of(command.collection);
  const LentBson lent(filter);
  const OwnedCursor cursor(mongoc_collection_find_with_opts(collection.get(), lent.get(), with_limit.get(), nullptr));
  std::vector<std::string> documents;
  const bson_t* document = nullptr;
  while (mongoc_cursor_next(cursor.get(), &document)) documents.push_back(bytes_of(*document));
  bson_error_t error{};
  const bson_t* reply = nullptr;
  if (!mongoc_cursor_error_document(cursor.get(), &error, &reply)) return documents;
  const Bson none;
  return failed(command, error, reply == nullptr ? *none.get() : *reply);
}

Result<WriteReply> MongocPort::update(const CollectionName& name, std::span<const UpdateStatement> statements,
                                      Limit limit) {
  return write(CommandName{"update", name}, statements, limit);
}

Result<WriteReply> MongocPort::remove(const CollectionName& name, std::span<const DeleteStatement> statements,
                                      Limit limit) {
  return write(CommandName{"delete", name}, statements, limit);
}

template <class Statement>
Result<WriteReply> MongocPort::write(const CommandName& command, std::span<const Statement> statements, Limit limit) {
  Bson options;
  RETURN_IF_ERROR(begin(command, limit, options));
  WriteReply whole;
  std::span<const Statement> rest = statements;
  while (!rest.empty()) {
    const std::size_t first = statements.size() - rest.size();
    ASSIGN_OR_RETURN(WriteReply part, write_some(command, rest, options));
    append(whole, std::move(part), first);
  }
  return whole;
}

// Sends one command, and takes its statements from `statements`.
template <class Statement>
Result<WriteReply> MongocPort::write_some(const CommandName& command, std::span<const Statement>& statements,
                                          const Bson& options) {
  const std::size_t count =
      write_command(body_, command.collection, statements, server_.limits, connections_->time_left());
  const std::span<const Statement> sent = statements.first(std::max<std::size_t>(count, 1));
  statements = statements.subspan(sent.size());
  if (count == 0) return write_alone(command, sent.front(), options);
  const LentBson body(body_.view());
  Bson reply;
  bson_error_t error{};
  if (!mongoc_client_write_command_with_opts(client_.get(), command.collection.database.c_str(), body.get(),
                                             options.get(), reply.get(), &error))
    return failed(command, error, *reply.get());
  auto read_reply = read_write_reply(*reply.get(), sent);
  if (!read_reply) return senseless_answer(command);
  return *std::move(read_reply);
}

Result<WriteReply> MongocPort::write_alone(const CommandName& command, const UpdateStatement& statement,
                                           const Bson& options) {
  Bson with_concern;
  bson_concat(with_concern.get(), options.get());
  BCON_APPEND(with_concern.get(), "ordered", BCON_BOOL(false), "writeConcern", "{", "w", BCON_UTF8("majority"),
              "wtimeout", BCON_INT64(std::max<std::int64_t>(1, connections_->time_left().count())), "}");
  const OwnedCollection collection = collection_of(command.collection);
  const OwnedBulk bulk(mongoc_collection_create_bulk_operation_with_opts(collection.get(), with_concern.get()));
  Bson unchecked;  // by libmongoc, which refuses some names that MongoDB takes
  BCON_APPEND(unchecked.get(), "validate", BCON_BOOL(false), "upsert", BCON_BOOL(statement.upsert));
  const auto add = is_replacement(statement.update) ? mongoc_bulk_operation_replace_one_with_opts
                                                    : mongoc_bulk_operation_update_one_with_opts;
  Bson reply;
  bson_error_t error{};
  const LentBson filter(statement.filter);
  const LentBson update(statement.update);
  const bool carried_out = add(bulk.get(), filter.get(), update.get(), unchecked.get(), &error) &&
                           mongoc_bulk_operation_execute(bulk.get(), reply.get(), &error) != 0;
  if (error.domain == MONGOC_ERROR_BSON) return too_large();
  auto faults = read_faults(*reply.get(), 1);
  if (!faults) return senseless_answer(command);
  if (!faults->empty()) return WriteReply{0, 0, *std::move(faults)};
  if (!carried_out) return failed(command, error, *reply.get());
  const WriteReply done{number_in(*reply.get(), "nMatched"), number_in(*reply.get(), "nUpserted"), {}};
  const std::uint64_t documents = done.matched + done.inserted;
  if (documents > 1 || (statement.upsert && documents == 0)) return senseless_answer(command);
  return done;
}

Result<WriteReply> MongocPort::write_alone(const CommandName& /*command*/, const DeleteStatement& /*statement*/,
                                           const Bson& /*options*/) {
  return too_large();
}

}  // namespace dynatlas
