// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/mongoc_port.h"

#include <algorithm>
#include <limits>

#include "target/mongodb/libmongoc/write_reply.h"

namespace dynatlas {

namespace {

// What a port that ends may take to say so to the server.
constexpr std::chrono::milliseconds farewell = std::chrono::seconds(1);

constexpr std::int32_t document_too_large = 10334;  // BSONObjectTooLarge

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

MongocPort::MongocPort(std::unique_ptr<Connections> connections, OwnedClient client, ConnectedServer server)
    : connections_(std::move(connections)), client_(std::move(client)), server_(server) {}

MongocPort::~MongocPort() { connections_->begin_call(farewell); }

Result<void> MongocPort::begin(const CommandName& command, Limit limit, Bson& options) {
  connections_->begin_call(limit);
  Bson none;
  bson_error_t error{};
  if (!session_) {
    const std::unique_ptr<mongoc_session_opt_t, Destroy<mongoc_session_opts_destroy>> causal(mongoc_session_opts_new());
    mongoc_session_opts_set_causal_consistency(causal.get(), true);
    session_.reset(mongoc_client_start_session(client_.get(), causal.get(), &error));
  }
  if (!session_ || !mongoc_client_session_append(session_.get(), options.get(), &error))
    return error_of_command(command, error, *none.get(), *connections_);
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
  return error_of_command(command, error, reply == nullptr ? *none.get() : *reply, *connections_);
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
    return error_of_command(command, error, *reply.get(), *connections_);
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
  if (!carried_out) return error_of_command(command, error, *reply.get(), *connections_);
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
