// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/collection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/printable.h"
#include "decode/extended_json.h"
#include "target/kind.h"
#include "target/mongodb/tombstones.h"
#include "target/stored_document.h"

namespace dynatlas {

namespace {

// The entries of `dynatlas.collections`, one a collection:
//
//   _id          the collection's name
//   format       1
//   kind         "timed", "d" and a stream's hash, or empty while no numbered change has come
//   fingerprint  of the mapping that its documents were written under
constexpr std::int32_t entry_format = 1;
constexpr const char* entries_name = "dynatlas.collections";

CollectionName entries_of(const MongoCollection& collection) {
  return {collection.destination->database, entries_name};
}

KeyFilter entry_filter(const MongoCollection& collection) { return id_filter(collection.destination->collection); }

std::string new_entry(const MongoCollection& collection) {
  Buffer out;
  OpenDocument entry(out);
  append_string_element(out, "_id", collection.destination->collection);
  append_int32(out, "format", entry_format);
  append_string_element(out, "kind", "");
  append_string_element(out, "fingerprint", collection.destination->rules->fingerprint);
  entry.close();
  return std::string(out.view());
}

std::string text_member(std::string_view document, std::string_view name) {
  const auto found = find_element(document, name);
  return found && found->type == BsonType::string ? std::string(string_text(found->value)) : std::string();
}

// The entry, or nothing where there is none yet. Fatal where it is of another mapping or a newer format.
Result<bool> read_entry(DeadlinePort& port, MongoCollection& collection) {
  ASSIGN_OR_RETURN(const std::vector<std::string> found,
                   port.find(entries_of(collection), entry_filter(collection).any(), ""));
  if (found.empty()) return false;
  const auto format = find_element(found[0], "format");
  const bool known =
      format && format->type == BsonType::int32 && load_little_endian<std::int32_t>(format->value) <= entry_format;
  const std::string name = collection.documents.name.text();
  if (!known)
    return fatal(
        fmt::format("{}: its entry in dynatlas.collections has a format that is newer than this program's: use "
                    "a newer dynatlas",
                    name));
  if (text_member(found[0], "fingerprint") != collection.destination->rules->fingerprint) {
    return fatal(fmt::format(
        "{}: its documents were written under another mapping (id, numbers, sets, fields, deletes, guard or "
        "metadata); replay everything into a new collection, or give the old configuration back",
        name));
  }
  collection.kind = text_member(found[0], "kind");
  const bool is_kind = collection.kind.empty() || collection.kind == "timed" ||
                       (collection.kind[0] == 'd' && collection.kind.size() == 9);
  if (is_kind && find_element(found[0], "kind")) return true;
  return fatal(
      fmt::format("{}: its entry in dynatlas.collections is damaged: `kind` is none that this program knows; "
                  "set it to what it was (\"\", \"timed\", or d and 8 hex digits)",
                  name));
}

// Several processes start at once: the entry is inserted where it is absent, and read again.
Result<void> make_entry(DeadlinePort& port, MongoCollection& collection) {
  const std::string filter = entry_filter(collection).none(VersionPlace::on_top());
  const std::string entry = new_entry(collection);
  ASSIGN_OR_RETURN(const WriteReply reply,
                   port.update(entries_of(collection), std::vector{UpdateStatement{filter, entry, true}}));
  ASSIGN_OR_RETURN(const bool made, read_entry(port, collection));
  if (made) return {};
  RETURN_IF_ERROR(all_done(reply, entries_of(collection)));
  return retry(entries_of(collection).text() + ": a new entry is not there");
}

// {_id: the collection, kind: ""}: an entry that no numbered change has come to.
std::string without_kind(const MongoCollection& collection) {
  Buffer out;
  OpenDocument filter(out);
  append_string_element(out, "_id", collection.destination->collection);
  append_string_element(out, "kind", "");
  filter.close();
  return std::string(out.view());
}

// {$set: {kind: ..}}
std::string set_kind(std::string_view kind) {
  Buffer out;
  OpenDocument update(out);
  begin_element(out, BsonType::document, "$set");
  OpenDocument fields(out);
  append_string_element(out, "kind", kind);
  fields.close();
  update.close();
  return std::string(out.view());
}

Result<void> remember_kind(DeadlinePort& port, MongoCollection& collection, const std::string& kind) {
  const std::string filter = without_kind(collection);
  const std::string update = set_kind(kind);
  ASSIGN_OR_RETURN(const WriteReply reply,
                   port.update(entries_of(collection), std::vector{UpdateStatement{filter, update, false}}));
  RETURN_IF_ERROR(all_done(reply, entries_of(collection)));
  ASSIGN_OR_RETURN(const bool there, read_entry(port, collection));
  return there ? Result<void>{} : retry(entries_of(collection).text() + ": an entry vanished");
}

// Under any other shard key two documents of one key could stand on two shards. Source: MongoDB manual, "Sharded
// Collections and Unique Indexes".
bool keeps_keys_unique(const std::string& shard_key, const Guarded& documents) {
  BsonReader reader(elements_of(shard_key));
  BsonElement element;
  std::size_t count = 0;
  for (; reader.next(element); ++count) {
    if (!documents.by_fields) {
      if (element.name != "_id") return false;
      continue;
    }
    const bool prefix = count < documents.key_fields.size() && element.name == documents.key_fields[count];
    if (!prefix || element.type == BsonType::string) return false;
  }
  return count != 0;
}

Result<void> check_facts(const CollectionFacts& facts, const MongoCollection& collection) {
  const std::string name = collection.documents.name.text();
  if (facts.type != "collection")
    return fatal(fmt::format("{}: is a {}, and must be a collection: give the table another target", name, facts.type));
  if (!collection.destination->rules->guard) return {};
  if (facts.has_collation) {
    return fatal(
        fmt::format("{}: has a collation, under which MongoDB takes different keys for one; create the collection anew "
                    "without one, or give the table another target",
                    name));
  }
  if (facts.shard_key && !keeps_keys_unique(*facts.shard_key, collection.documents)) {
    const std::string wanted = collection.documents.by_fields
                                   ? fmt::format("the key attributes in their order ({}), not hashed",
                                                 fmt::join(collection.documents.key_fields, ", "))
                                   : "`_id`";
    return fatal(
        fmt::format("{}: is sharded by other fields than {}, so that one key could stand on two shards; reshard "
                    "it, or give the table another target",
                    name, wanted));
  }
  return {};
}

bool is_on(const IndexFacts& index, std::vector<std::string> fields) {
  std::vector<std::string> names = names_in(index.key);
  std::sort(names.begin(), names.end());
  std::sort(fields.begin(), fields.end());
  return names == fields;
}

constexpr std::string_view any_document{"\5\0\0\0\0", 5};  // the empty filter

// As the shell takes it.
std::string index_command(const Guarded& documents, const NewIndex& index) {
  Buffer out;
  out.append("db.getSiblingDB(");
  append_json_string(documents.name.database, out);
  out.append(").getCollection(");
  append_json_string(documents.name.collection, out);
  out.append(").createIndex({");
  for (std::size_t i = 0; i < index.fields.size(); ++i) {
    out.append(i == 0 ? "" : ", ");
    append_json_string(index.fields[i], out);
    out.append(": 1");
  }
  out.append("}, {unique: true})");
  return std::string(out.view());
}

Result<void> check_no_documents(DeadlinePort& port, const Guarded& documents, const NewIndex& index) {
  ASSIGN_OR_RETURN(const std::vector<std::string> some,
                   port.find_first(documents.name, any_document, ones({"_id"}), 1));
  if (some.empty()) return {};
  return fatal(fmt::format(
      "{}: has documents, but not the unique index that `id: objectid` needs. Build it, and the events that "
      "wait are applied: {} (docs/mongodb.md, \"Continuing a collection\", finds keys that stand twice)",
      documents.name.text(), printable(index_command(documents, index))));
}

// With `id: objectid` a key is unique by an index on its attributes; one that is there already serves, in any order.
Result<void> make_key_index(DeadlinePort& port, DeadlinePort& indexes, const Guarded& documents,
                            IndexOnDocuments on_documents) {
  if (!documents.by_fields) return {};
  ASSIGN_OR_RETURN(const std::vector<IndexFacts> there, port.indexes_of(documents.name));
  const bool serves = std::any_of(there.begin(), there.end(), [&](const IndexFacts& index) {
    return index.unique && index.whole && is_on(index, documents.key_fields);
  });
  if (serves) return {};
  const NewIndex index{"dynatlas_key", documents.key_fields, true, std::nullopt};
  if (on_documents == IndexOnDocuments::refuse) RETURN_IF_ERROR(check_no_documents(port, documents, index));
  if (auto made = indexes.make_index(documents.name, index); !made) {
    if (made.error().kind != ErrorKind::fatal) return made;
    return fatal(
        fmt::format("{}; `id: objectid` needs a unique index on {}: where two documents have one key, docs/mongodb.md "
                    "(\"Continuing a collection\") has the command that finds them",
                    made.error().message, fmt::join(documents.key_fields, ", ")));
  }
  return {};
}

Result<void> make_tombstone_indexes(DeadlinePort& indexes, const CollectionName& name) {
  RETURN_IF_ERROR(indexes.make_index(name, {"expire_at", {"expire_at"}, false, 0}));
  return indexes.make_index(name, {"settle_at", {"settle_at"}, false, std::nullopt});
}

MongoCollection collection_of(const Destination& destination) {
  const TableRules& rules = *destination.rules;
  MongoCollection collection;
  collection.destination = &destination;
  collection.documents.name = {destination.database, destination.collection};
  collection.documents.metadata = rules.items.names.metadata;
  collection.documents.refuse_foreign = rules.guard && rules.refuse_existing;
  collection.documents.by_fields = rules.id == IdForm::objectid;
  collection.tombstones.name = {destination.database, tombstones_name(collection.documents.name)};
  return collection;
}

// What was looked at, and whether the collection has an entry.
struct Looked {
  MongoCollection collection;
  bool has_entry = false;
};

Result<Looked> look(DeadlinePort& port, const Change& change) {
  Looked looked{collection_of(*change.destination)};
  Guarded& documents = looked.collection.documents;
  if (documents.by_fields) documents.key_fields = names_in(change.key.value);
  ASSIGN_OR_RETURN(const CollectionFacts facts, port.facts_of(looked.collection.documents.name));
  RETURN_IF_ERROR(check_facts(facts, looked.collection));
  ASSIGN_OR_RETURN(looked.has_entry, read_entry(port, looked.collection));
  return looked;
}

}  // namespace

Result<MongoCollection> look_at_collection(DeadlinePort& port, const Change& change) {
  ASSIGN_OR_RETURN(Looked looked, look(port, change));
  return std::move(looked.collection);
}

Result<MongoCollection> open_collection(DeadlinePort& port, DeadlinePort& indexes, const Change& change,
                                        IndexOnDocuments on_documents) {
  ASSIGN_OR_RETURN(Looked looked, look(port, change));
  MongoCollection& collection = looked.collection;
  RETURN_IF_ERROR(make_key_index(port, indexes, collection.documents, on_documents));
  if (collection.has_tombstones()) RETURN_IF_ERROR(make_tombstone_indexes(indexes, collection.tombstones.name));
  if (!looked.has_entry) RETURN_IF_ERROR(make_entry(port, collection));
  return std::move(collection);
}

Result<std::vector<MongoCollection>> collections_in(DeadlinePort& port, const std::string& database,
                                                    const TimedTarget::DestinationOf& destination_of) {
  ASSIGN_OR_RETURN(const std::vector<std::string> entries, port.find({database, entries_name}, any_document, ""));
  std::vector<MongoCollection> collections;
  for (const std::string& entry : entries) {
    const Destination* destination = destination_of(text_member(entry, "_id"));
    if (destination == nullptr || text_member(entry, "fingerprint") != destination->rules->fingerprint) continue;
    MongoCollection collection = collection_of(*destination);
    if (collection.has_tombstones()) collections.push_back(std::move(collection));
  }
  return collections;
}

Result<void> check_key_fields(const MongoCollection& collection, const Change& change) {
  const Guarded& documents = collection.documents;
  if (!documents.by_fields || names_in(change.key.value) == documents.key_fields) return {};
  return fatal(
      fmt::format("a document of {} is found by {}, and a change has other key attributes: say `key` in the table's "
                  "entry of `tables`; for a table that was made anew with another key, begin with an empty collection",
                  documents.name.text(), fmt::join(documents.key_fields, ", ")));
}

Result<void> check_kind(DeadlinePort& port, MongoCollection& collection, const Change& change, KindMode mode) {
  if (change.kind.empty() || change.kind == collection.kind || !change.destination->rules->guard) return {};
  if (collection.kind.empty() && mode == KindMode::dry_run) {
    collection.kind = change.kind;
  } else if (collection.kind.empty()) {
    RETURN_IF_ERROR(remember_kind(port, collection, change.kind));
  }
  if (change.kind == collection.kind) return {};
  return two_kinds(collection.documents.name.text(), collection.kind, change.kind, "collection");
}

}  // namespace dynatlas
