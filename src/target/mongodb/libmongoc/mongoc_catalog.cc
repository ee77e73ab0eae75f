// SPDX-License-Identifier: Apache-2.0
//
// The part of MongocPort that asks about collections and indexes.
#include <fmt/format.h>

#include "target/mongodb/libmongoc/mongoc_port.h"

namespace dynatlas {

namespace {

constexpr std::int32_t namespace_not_found = 26;
constexpr std::int32_t index_options_conflict = 85;
constexpr std::int32_t index_key_specs_conflict = 86;
constexpr std::int32_t duplicate_key = 11000;

bool holds_true(const bson_t& document, const char* name) {
  bson_iter_t iter;
  return bson_iter_init_find(&iter, &document, name) && bson_iter_as_bool(&iter);
}

std::string_view text_in(const bson_t& document, const char* name) {
  bson_iter_t iter;
  return bson_iter_init_find(&iter, &document, name) ? text_at(iter) : std::string_view();
}

std::string_view document_in(const bson_t& document, const char* name) {
  bson_iter_t iter;
  return bson_iter_init_find(&iter, &document, name) ? document_at(iter) : std::string_view();
}

// {locale: "simple"} is binary comparison, as without a collation.
bool has_collation(const bson_t& options) {
  const std::string_view collation = document_in(options, "collation");
  return !collation.empty() && text_in(*LentBson(collation).get(), "locale") != "simple";
}

IndexFacts index_facts(const bson_t& index) {
  IndexFacts facts;
  facts.name = text_in(index, "name");
  facts.key = document_in(index, "key");
  facts.unique = holds_true(index, "unique");
  facts.whole =
      !holds_true(index, "sparse") && !bson_has_field(&index, "partialFilterExpression") && !has_collation(index);
  return facts;
}

void append_index(bson_t* body, const NewIndex& index) {
  bson_t list;
  bson_t entry;
  bson_t key;
  BSON_APPEND_ARRAY_BEGIN(body, "indexes", &list);
  BSON_APPEND_DOCUMENT_BEGIN(&list, "0", &entry);
  BSON_APPEND_DOCUMENT_BEGIN(&entry, "key", &key);
  for (const std::string& field : index.fields) BSON_APPEND_INT32(&key, field.c_str(), 1);
  bson_append_document_end(&entry, &key);
  BSON_APPEND_UTF8(&entry, "name", index.name.c_str());
  if (index.unique) BSON_APPEND_BOOL(&entry, "unique", true);
  if (index.expire_after_seconds) BSON_APPEND_INT32(&entry, "expireAfterSeconds", *index.expire_after_seconds);
  bson_append_document_end(&list, &entry);
  bson_append_array_end(body, &list);
}

}  // namespace

Result<void> MongocPort::run(const CommandName& command, Limit limit, Bson& body, Bson& reply) {
  Bson options;
  RETURN_IF_ERROR(begin(command, limit, options));
  append_time_left(body);
  bson_error_t error{};
  if (!mongoc_client_command_with_opts(client_.get(), command.collection.database.c_str(), body.get(), nullptr,
                                       options.get(), reply.get(), &error))
    return failed(command, error, *reply.get());
  if (!holds_true(*reply.get(), "ok")) return senseless_answer(command);
  // That no majority has it yet is told beside ok: 1.
  if (bson_has_field(reply.get(), "writeConcernError")) return failed(command, error, *reply.get());
  return {};
}

Result<std::vector<std::string>> MongocPort::list(const CommandName& command, Limit limit, Bson& body) {
  Bson reply;
  Result<void> ran = run(command, limit, body, reply);
  if (!ran && code_in(*reply.get()) == namespace_not_found) return std::vector<std::string>();
  RETURN_IF_ERROR(std::move(ran));
  const LentBson cursor(document_in(*reply.get(), "cursor"));
  bson_iter_t iter;
  bson_iter_t entries;
  std::vector<std::string> documents;
  // One batch holds all: a collection has at most 64 indexes, and a name is of at most one collection.
  const bool is_whole = bson_iter_init_find(&iter, cursor.get(), "id") && bson_iter_as_int64(&iter) == 0;
  if (!is_whole || !bson_iter_init_find(&iter, cursor.get(), "firstBatch") || !bson_iter_recurse(&iter, &entries))
    return senseless_answer(command);
  while (bson_iter_next(&entries)) documents.emplace_back(document_at(entries));
  return documents;
}

Result<CollectionFacts> MongocPort::facts_of(const CollectionName& name, Limit limit) {
  const CommandName command{"listCollections", name};
  Bson body;
  BCON_APPEND(body.get(), "listCollections", BCON_INT32(1), "filter", "{", "name", BCON_UTF8(name.collection.c_str()),
              "}");
  ASSIGN_OR_RETURN(const std::vector<std::string> found, list(command, limit, body));
  CollectionFacts facts;
  if (found.empty()) return facts;
  const LentBson entry(found.front());
  facts.exists = true;
  facts.type = text_in(*entry.get(), "type");
  facts.has_collation = has_collation(*LentBson(document_in(*entry.get(), "options")).get());
  if (server_.is_mongos) {
    ASSIGN_OR_RETURN(facts.shard_key, shard_key_of(name, connections_->time_left()));
  }
  return facts;
}

Result<std::optional<std::string>> MongocPort::shard_key_of(const CollectionName& name, Limit limit) {
  const CollectionName collections{"config", "collections"};
  Bson filter;
  BSON_APPEND_UTF8(filter.get(), "_id", name.text().c_str());
  Result<std::vector<std::string>> found = find(collections, bytes_of(*filter.get()), "", limit);
  if (!found && found.error().kind == ErrorKind::fatal) {
    return fatal(
        fmt::format("{}: whether it is sharded, and how, cannot be read from config.collections: grant the user "
                    "the role read on the database config, or clusterMonitor ({})",
                    name.text(), found.error().message));
  }
  if (!found) return found.error();
  if (found->empty()) return std::optional<std::string>();
  const LentBson entry(found->front());
  // MongoDB 4.4 keeps the entries of what was dropped; from 8.0 on what lies on one shard has one too.
  if (holds_true(*entry.get(), "dropped") || holds_true(*entry.get(), "unsplittable"))
    return std::optional<std::string>();
  return std::optional<std::string>(document_in(*entry.get(), "key"));
}

Result<std::vector<IndexFacts>> MongocPort::indexes_of(const CollectionName& name, Limit limit) {
  const CommandName command{"listIndexes", name};
  Bson body;
  BSON_APPEND_UTF8(body.get(), "listIndexes", name.collection.c_str());
  ASSIGN_OR_RETURN(const std::vector<std::string> found, list(command, limit, body));
  std::vector<IndexFacts> indexes;
  indexes.reserve(found.size());
  for (const std::string& index : found) indexes.push_back(index_facts(*LentBson(index).get()));
  return indexes;
}

Result<void> MongocPort::make_index(const CollectionName& name, const NewIndex& index, Limit limit) {
  const CommandName command{"createIndexes", name};
  Bson body;
  BSON_APPEND_UTF8(body.get(), "createIndexes", name.collection.c_str());
  append_index(body.get(), index);
  BCON_APPEND(body.get(), "writeConcern", "{", "w", BCON_UTF8("majority"), "wtimeout", BCON_INT64(limit.count()), "}");
  Bson reply;
  Result<void> made = run(command, limit, body, reply);
  if (made) return made;
  const std::int32_t code = code_in(*reply.get());
  if (code == index_options_conflict || code == index_key_specs_conflict) {
    return fatal(
        fmt::format("{}: another index has the name {} or its fields: drop that index", name.text(), index.name));
  }
  if (code == duplicate_key) {
    return fatal(
        fmt::format("{}: the unique index {} cannot be made, for two documents have one key: remove one of them",
                    name.text(), index.name));
  }
  return made;
}

}  // namespace dynatlas
