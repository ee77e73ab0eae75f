// SPDX-License-Identifier: Apache-2.0
#include "target/dump/dump_target.h"

#include <fmt/format.h>

#include <chrono>
#include <vector>

#include "base/digest.h"
#include "target/coalesce.h"
#include "target/dead_letter.h"
#include "target/dump/dump_files.h"
#include "target/dump/dump_letters.h"
#include "target/dump/export.h"
#include "target/dump/object_id.h"
#include "target/dump/state.h"
#include "target/kind.h"
#include "target/stored_document.h"
#include "target/verdict.h"

namespace dynatlas {

namespace {

std::int64_t milliseconds_now() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

bool is_damaged(std::string_view id, std::string_view letter) {
  const Result<DeadLetter> read = read_dead_letter(id, letter);
  return !read && read.error().kind == ErrorKind::poison;
}

std::string key_bytes(const StoredKey& key) { return static_cast<char>(key.type) + key.value; }

}  // namespace

struct DumpTarget::Found : Standing {
  std::string document;
};

struct DumpTarget::Statements {
  Statement find_collection;
  Statement make_collection;
  Statement set_kind;
  Statement set_key_fields;
  Statement mark_changed;
  Statement find_document;
  Statement find_tombstone;
  Statement write_document;
  Statement delete_document;
  Statement raise_tombstone;
  Statement expire_tombstones;
  Statement find_letter;
  Statement write_letter;

  static Result<std::unique_ptr<Statements>> prepare(sqlite3* database) {
    const auto of = [database](std::string_view sql) { return Statement::prepare(database, sql); };
    ASSIGN_OR_RETURN(
        Statement find_collection,
        of("SELECT id, kind, fingerprint, key_fields FROM collections WHERE database = ? AND collection = ?"));
    ASSIGN_OR_RETURN(Statement make_collection,
                     of("INSERT INTO collections (database, collection, kind, fingerprint, uuid, key_fields, changed, "
                        "exported) VALUES (?, ?, '', ?, ?, '', 1, 0) RETURNING id"));
    ASSIGN_OR_RETURN(Statement set_kind, of("UPDATE collections SET kind = ? WHERE id = ?"));
    ASSIGN_OR_RETURN(Statement set_key_fields, of("UPDATE collections SET key_fields = ? WHERE id = ?"));
    ASSIGN_OR_RETURN(Statement mark_changed, of("UPDATE collections SET changed = changed + 1 WHERE id = ?"));
    ASSIGN_OR_RETURN(Statement find_document,
                     of("SELECT t, s, is_foreign, document FROM documents WHERE collection = ? AND key = ?"));
    ASSIGN_OR_RETURN(Statement find_tombstone, of("SELECT t, s FROM tombstones WHERE collection = ? AND key = ?"));
    ASSIGN_OR_RETURN(Statement write_document,
                     of("INSERT INTO documents (collection, key, t, s, is_foreign, document) VALUES (?, ?, ?, ?, ?, ?) "
                        "ON CONFLICT (collection, key) DO UPDATE SET t = excluded.t, s = excluded.s, "
                        "is_foreign = excluded.is_foreign, document = excluded.document"));
    ASSIGN_OR_RETURN(Statement delete_document, of("DELETE FROM documents WHERE collection = ? AND key = ?"));
    ASSIGN_OR_RETURN(Statement raise_tombstone,
                     of("INSERT INTO tombstones (collection, key, t, s, expire_at) VALUES (?, ?, ?, ?, ?) "
                        "ON CONFLICT (collection, key) DO UPDATE SET t = excluded.t, s = excluded.s, "
                        "expire_at = excluded.expire_at"));
    ASSIGN_OR_RETURN(Statement expire_tombstones, of("DELETE FROM tombstones WHERE expire_at < ?"));
    ASSIGN_OR_RETURN(Statement find_letter, of("SELECT document FROM dead_letters WHERE id = ?"));
    ASSIGN_OR_RETURN(Statement write_letter, of("INSERT OR REPLACE INTO dead_letters (id, document) VALUES (?, ?)"));
    // NOLINTNEXTLINE(modernize-make-unique): clang 14 cannot make an aggregate with parentheses.
    return std::unique_ptr<Statements>(new Statements{
        std::move(find_collection), std::move(make_collection), std::move(set_kind), std::move(set_key_fields),
        std::move(mark_changed), std::move(find_document), std::move(find_tombstone), std::move(write_document),
        std::move(delete_document), std::move(raise_tombstone), std::move(expire_tombstones), std::move(find_letter),
        std::move(write_letter)});
  }
};

DumpTarget::DumpTarget(std::string folder, Mode mode, std::chrono::milliseconds tombstone_life, OwnedSqlite database,
                       std::unique_ptr<Statements> statements)
    : folder_(std::move(folder)),
      mode_(mode),
      tombstone_life_(tombstone_life),
      database_(std::move(database)),
      statements_(std::move(statements)) {}

DumpTarget::~DumpTarget() = default;

Result<std::unique_ptr<DumpTarget>> DumpTarget::open(const std::string& folder, Mode mode,
                                                     std::chrono::milliseconds tombstone_life) {
  ASSIGN_OR_RETURN(OwnedSqlite database, mode == Mode::apply ? open_state(folder) : open_state_copy(folder));
  ASSIGN_OR_RETURN(std::unique_ptr<Statements> statements, Statements::prepare(database.get()));
  return std::unique_ptr<DumpTarget>(
      new DumpTarget(folder, mode, tombstone_life, std::move(database), std::move(statements)));
}

// --- collections

Result<DumpTarget::Collection*> DumpTarget::collection_of(const Change& change) {
  const auto found = collections_.find(change.destination);
  if (found != collections_.end()) {
    RETURN_IF_ERROR(check_kind(found->second, change));
    return &found->second;
  }
  ASSIGN_OR_RETURN(Collection collection, read_or_make(change));
  RETURN_IF_ERROR(check_kind(collection, change));
  return &collections_.emplace(change.destination, std::move(collection)).first->second;
}

Result<DumpTarget::Collection> DumpTarget::read_or_make(const Change& change) {
  const Destination& destination = *change.destination;
  Statement& find = statements_->find_collection;
  find.bind_text(1, destination.database);
  find.bind_text(2, destination.collection);
  ASSIGN_OR_RETURN(const bool exists, find.step());
  Collection collection;
  if (exists) {
    collection = {find.integer(0), std::string(find.bytes(1)), false};
    const bool same = find.bytes(2) == destination.rules->fingerprint;
    const bool has_key_fields = !find.bytes(3).empty();
    find.reset();
    if (!same) {
      return fatal(
          fmt::format("{}: its documents were written under another mapping (id, numbers, sets, fields, deletes, guard "
                      "or metadata); "
                      "replay everything into a new folder, or give the old configuration back",
                      destination.name()));
    }
    if (!has_key_fields) RETURN_IF_ERROR(set_key_fields(collection, change));
    return collection;
  }
  find.reset();
  const std::string uuid = random_uuid();
  Statement& make = statements_->make_collection;
  make.bind_text(1, destination.database);
  make.bind_text(2, destination.collection);
  make.bind_text(3, destination.rules->fingerprint);
  make.bind_blob(4, uuid);
  RETURN_IF_ERROR(make.step());
  collection.id = make.integer(0);
  RETURN_IF_ERROR(make.run());
  RETURN_IF_ERROR(set_key_fields(collection, change));
  RETURN_IF_ERROR(take_in(collection, change));
  return collection;
}

// With `id: objectid` the key attributes are the fields of the key; the exported collection has a unique index on them.
Result<void> DumpTarget::set_key_fields(const Collection& collection, const Change& change) {
  if (change.destination->rules->id != IdForm::objectid) return {};
  const std::string fields = join_key_fields(names_in(change.key.value));
  Statement& set = statements_->set_key_fields;
  set.bind_text(1, fields);
  set.bind(2, collection.id);
  return set.run();
}

// Whole seconds and microseconds do not compare: a collection takes one kind.
Result<void> DumpTarget::check_kind(Collection& collection, const Change& change) {
  if (change.kind.empty() || change.kind == collection.kind || !change.destination->rules->guard) return {};
  if (!collection.kind.empty()) return two_kinds(change.destination->name(), collection.kind, change.kind, "folder");
  collection.kind = change.kind;
  statements_->set_kind.bind_text(1, collection.kind);
  statements_->set_kind.bind(2, collection.id);
  return statements_->set_kind.run();
}

// A .bson file that stands where the collection's shall come is somebody's mongodump.
Result<void> DumpTarget::take_in(const Collection& collection, const Change& change) {
  const Destination& destination = *change.destination;
  const TableRules& rules = *destination.rules;
  const std::vector<std::string> fields =
      rules.id == IdForm::objectid ? names_in(change.key.value) : std::vector<std::string>{};
  return read_dump_file(folder_, destination.database, destination.collection,
                        [&](std::string_view document) -> Result<void> {
                          ASSIGN_OR_RETURN(const StoredState state, stored_state(document, rules.items.names.metadata));
                          ASSIGN_OR_RETURN(const StoredKey key, key_of_document(document, fields));
                          const std::string bytes = key_bytes(key);
                          ASSIGN_OR_RETURN(const Found other, find(collection, bytes));
                          if (other.has_document) return fatal("holds two documents of one key; take one of them away");
                          Statement& write = statements_->write_document;
                          write.bind(1, collection.id);
                          write.bind_blob(2, bytes);
                          state.version ? write.bind(3, state.version->t) : write.bind_null(3);
                          state.version ? write.bind_text(4, state.version->s) : write.bind_null(4);
                          write.bind(5, state.has_metadata ? 0 : 1);
                          write.bind_blob(6, document);
                          return write.run();
                        });
}

// --- changes

Result<DumpTarget::Found> DumpTarget::find(const Collection& collection, const std::string& key) {
  Found found;
  Statement& document = statements_->find_document;
  document.bind(1, collection.id);
  document.bind_blob(2, key);
  ASSIGN_OR_RETURN(found.has_document, document.step());
  if (found.has_document) {
    if (!document.is_null(0)) found.version = Version{document.integer(0), std::string(document.bytes(1))};
    found.is_foreign = document.integer(2) != 0;
    found.document = document.bytes(3);
  }
  document.reset();
  Statement& tombstone = statements_->find_tombstone;
  tombstone.bind(1, collection.id);
  tombstone.bind_blob(2, key);
  ASSIGN_OR_RETURN(const bool buried, tombstone.step());
  if (buried) found.tombstone = Version{tombstone.integer(0), std::string(tombstone.bytes(1))};
  tombstone.reset();
  return found;
}

Result<void> DumpTarget::write(const Change& change, const std::string& key, std::string document, const Found& found,
                               Collection& collection) {
  if (change.destination->rules->id == IdForm::objectid) {
    const auto id = found.has_document ? id_of(found.document) : std::nullopt;
    const std::string made = id ? std::string() : make_object_id();
    document = id ? with_id(document, id->type, id->value) : with_id(document, BsonType::object_id, made);
  }
  const bool versioned = change.version && change.destination->rules->guard;
  Statement& write = statements_->write_document;
  write.bind(1, collection.id);
  write.bind_blob(2, key);
  versioned ? write.bind(3, change.version->t) : write.bind_null(3);
  versioned ? write.bind_text(4, change.version->s) : write.bind_null(4);
  write.bind(5, 0);
  write.bind_blob(6, document);
  collection.changed = true;
  return write.run();
}

Result<void> DumpTarget::raise_tombstone(const Collection& collection, const std::string& key, const Version& version) {
  Statement& raise = statements_->raise_tombstone;
  raise.bind(1, collection.id);
  raise.bind_blob(2, key);
  raise.bind(3, version.t);
  raise.bind_text(4, version.s);
  raise.bind(5, milliseconds_now() + tombstone_life_.count());
  return raise.run();
}

Result<void> DumpTarget::erase(const std::string& key, Collection& collection) {
  collection.changed = true;
  statements_->delete_document.bind(1, collection.id);
  statements_->delete_document.bind_blob(2, key);
  return statements_->delete_document.run();
}

std::string DumpTarget::marked_as_deleted(const Change& change, const Found& found) {
  std::string document = found.document;
  if (!found.has_document) {
    Buffer out;
    OpenDocument fresh(out);
    if (change.destination->rules->id != IdForm::objectid)
      append_element(out, change.key.type, "_id", change.key.value);
    out.append(change.key_fields);
    fresh.close();
    document = out.view();
  }
  return soft_deleted(document, *change.version, change.destination->rules->items.names.metadata);
}

Result<void> DumpTarget::apply_one(const Change& change, Collection& collection, Applied& applied) {
  const std::string key = key_bytes(change.key);
  ASSIGN_OR_RETURN(const Found found, find(collection, key));
  if (found.is_foreign && change.destination->rules->refuse_existing) {
    return fatal(
        fmt::format("{}: holds a document without metadata, which `existing: refuse` does not let dynatlas replace; "
                    "say `existing: take`, or use a new folder",
                    change.destination->name()));
  }
  const bool is_upsert = change.operation == Record::Operation::upsert;
  const Verdict verdict = verdict_of(change, found);
  ++(!verdict.counts ? applied.stale : is_upsert ? applied.upserted : applied.removed);
  if (verdict.raises_tombstone) RETURN_IF_ERROR(raise_tombstone(collection, key, *change.version));
  if (verdict.deletes) return erase(key, collection);
  if (!verdict.writes) return {};
  return write(change, key, is_upsert ? change.document : marked_as_deleted(change, found), found, collection);
}

Result<Applied> DumpTarget::apply(std::span<const Change> changes) {
  Applied applied;
  if (changes.empty()) return applied;
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_.get()));
  collections_.clear();
  // Before any is compared with another: kinds that do not compare are an error.
  for (const Change& change : changes) RETURN_IF_ERROR(collection_of(change));
  const std::vector<const Change*> batch = coalesce(changes, applied);
  for (const Change* change : batch) {
    ASSIGN_OR_RETURN(Collection* const collection, collection_of(*change));
    RETURN_IF_ERROR(apply_one(*change, *collection, applied));
  }
  for (const auto& [destination, collection] : collections_) {
    if (!collection.changed) continue;
    statements_->mark_changed.bind(1, collection.id);
    RETURN_IF_ERROR(statements_->mark_changed.run());
  }
  RETURN_IF_ERROR(transaction.commit());
  return applied;
}

Result<std::optional<Version>> DumpTarget::tombstone_of(const ParkedRecord& record) {
  if (record.destination == nullptr || !record.key) return std::optional<Version>();
  Statement& find_collection = statements_->find_collection;
  find_collection.bind_text(1, record.destination->database);
  find_collection.bind_text(2, record.destination->collection);
  ASSIGN_OR_RETURN(const bool exists, find_collection.step());
  const Collection collection{exists ? find_collection.integer(0) : 0, {}, false};
  find_collection.reset();
  if (!exists) return std::optional<Version>();
  ASSIGN_OR_RETURN(Found found, find(collection, key_bytes(*record.key)));
  return std::move(found.tombstone);
}

Result<std::string> DumpTarget::letter_of(const ParkedRecord& record) {
  Statement& find = statements_->find_letter;
  find.bind_text(1, record.id);
  ASSIGN_OR_RETURN(const bool exists, find.step());
  // One that is damaged is written anew.
  std::string letter = exists && !is_damaged(record.id, find.bytes(0)) ? tried_again(find.bytes(0)) : std::string();
  find.reset();
  if (!letter.empty()) return letter;
  ASSIGN_OR_RETURN(const std::optional<Version> tombstone, tombstone_of(record));
  return dead_letter(record, tombstone, milliseconds_now());
}

Result<void> DumpTarget::park(std::span<const ParkedRecord> records) {
  if (records.empty()) return {};
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database_.get()));
  for (const ParkedRecord& record : records) {
    ASSIGN_OR_RETURN(const std::string document, letter_of(record));
    statements_->write_letter.bind_text(1, record.id);
    statements_->write_letter.bind_blob(2, document);
    RETURN_IF_ERROR(statements_->write_letter.run());
  }
  return transaction.commit();
}

std::unique_ptr<DeadLetters> DumpTarget::letters() {
  const auto mode = mode_ == Mode::apply ? DumpLetters::Mode::apply : DumpLetters::Mode::dry_run;
  return std::make_unique<DumpLetters>(database_.get(), folder_, mode);
}

Result<void> DumpTarget::drain() {
  if (mode_ == Mode::dry_run) return {};
  statements_->expire_tombstones.bind(1, milliseconds_now());
  RETURN_IF_ERROR(statements_->expire_tombstones.run());
  return export_dump(database_.get(), folder_);
}

Result<void> DumpTarget::break_off() {
  return mode_ == Mode::dry_run ? Result<void>{} : export_parked(database_.get(), folder_);
}

}  // namespace dynatlas
