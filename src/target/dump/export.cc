// SPDX-License-Identifier: Apache-2.0
#include "target/dump/export.h"

#include <fmt/format.h>

#include <filesystem>
#include <vector>

#include "base/file.h"
#include "decode/extended_json.h"
#include "target/dump/dump_files.h"
#include "target/dump/state.h"

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

// A collection has at most 64 indexes.
constexpr std::size_t metadata_bytes_max = 1024 * 1024;

struct ChangedCollection {
  std::int64_t id;
  std::string database;
  std::string collection;
  std::string uuid;
  std::int64_t changed;
  std::vector<std::string> key_fields;
};

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

// With `id: objectid` the key attributes are unique: an index as the server lists it, under its usual name.
void append_key_index(const std::vector<std::string>& fields, Buffer& out) {
  std::string name;
  out.append(R"(,{"v":{"$numberInt":"2"},"key":)");
  for (const std::string& field : fields) {
    out.push_back(name.empty() ? '{' : ',');
    append_json_string(field, out);
    out.append(R"(:{"$numberInt":"1"})");
    name += (name.empty() ? "" : "_") + field + "_1";
  }
  out.append(R"(},"name":)");
  append_json_string(name, out);
  out.append(R"(,"unique":true})");
}

// As mongodump writes it: canonical Extended JSON.
std::string metadata_json(const ChangedCollection& collection) {
  Buffer out;
  out.append(R"({"options":{},"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"})");
  if (!collection.key_fields.empty()) append_key_index(collection.key_fields, out);
  out.append(R"(],"uuid":")");
  out.append(hex(collection.uuid));
  out.append(R"(","collectionName":)");
  append_json_string(collection.collection, out);
  out.append(R"(,"type":"collection"})");
  return std::string(out.view());
}

// Those that changed since they were written, and those whose file is gone.
Result<std::vector<ChangedCollection>> changed_collections(sqlite3* database, const fs::path& folder) {
  std::vector<ChangedCollection> collections;
  ASSIGN_OR_RETURN(Statement select,
                   Statement::prepare(database,
                                      "SELECT id, database, collection, uuid, changed, key_fields, exported < changed "
                                      "FROM collections ORDER BY id"));
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, select.step());
    if (!more) return collections;
    const std::string file = dump_file_name(std::string(select.bytes(2))) + ".bson";
    std::error_code error;
    if (select.integer(6) == 0 && fs::exists(folder / select.bytes(1) / file, error)) continue;
    collections.push_back({select.integer(0), std::string(select.bytes(1)), std::string(select.bytes(2)),
                           std::string(select.bytes(3)), select.integer(4), split_key_fields(select.bytes(5))});
  }
}

Result<void> make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fatal(fmt::format("{}: cannot be made: {}", folder.string(), error.message()));
  return {};
}

// What a killed process left unfinished; nobody else writes while the export lock is held.
void sweep(const fs::path& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() > ReplacedFile::ending.size() && name.ends_with(ReplacedFile::ending))
      fs::remove(entry.path(), error);
  }
}

// What a collection that was taken in has for indexes and options is its own, and stays.
Result<std::string> metadata_of(const std::string& stem, const ChangedCollection& collection) {
  for (const char* ending : {".metadata.json", ".metadata.json.gz"}) {
    std::error_code error;
    if (!fs::exists(stem + ending, error)) continue;
    ASSIGN_OR_RETURN(InputFile file, open_dump_file(stem + ending));
    std::string text(metadata_bytes_max, '\0');
    std::size_t size = 0;
    for (;;) {
      ASSIGN_OR_RETURN(const std::size_t got, file.read(text.data() + size, text.size() - size));
      if (got == 0) break;
      size += got;
    }
    if (size == text.size()) return fatal(fmt::format("{}{}: is too large for metadata of a collection", stem, ending));
    text.resize(size);
    return text;
  }
  return metadata_json(collection);
}

Result<void> export_collection(sqlite3* database, const fs::path& folder, const ChangedCollection& collection) {
  RETURN_IF_ERROR(make_folder(folder / collection.database));
  sweep(folder / collection.database);
  const std::string stem = (folder / collection.database / dump_file_name(collection.collection)).string();
  ASSIGN_OR_RETURN(ReplacedFile documents, ReplacedFile::begin(stem + ".bson"));
  ASSIGN_OR_RETURN(Statement select,
                   Statement::prepare(database, "SELECT document FROM documents WHERE collection = ? ORDER BY key"));
  select.bind(1, collection.id);
  for (;;) {
    ASSIGN_OR_RETURN(const bool more, select.step());
    if (!more) break;
    RETURN_IF_ERROR(documents.append(select.bytes(0)));
  }
  ASSIGN_OR_RETURN(ReplacedFile metadata, ReplacedFile::begin(stem + ".metadata.json"));
  ASSIGN_OR_RETURN(const std::string description, metadata_of(stem, collection));
  RETURN_IF_ERROR(metadata.append(description));
  RETURN_IF_ERROR(metadata.finish());
  RETURN_IF_ERROR(documents.finish());
  // A file that was taken in compressed is replaced by the plain one.
  std::error_code error;
  fs::remove(stem + ".bson.gz", error);
  fs::remove(stem + ".metadata.json.gz", error);
  return {};
}

// What is damaged must not keep the others from being exported.
std::string line_of_letter(std::string_view id, std::string_view letter) {
  Buffer line;
  if (!ExtendedJsonWriter(ExtendedJson::canonical, line).document(letter)) {
    line.clear();
    line.append(R"({"_id":)");
    append_json_string(id, line);
    line.append(R"(,"cause":"this dead letter is damaged: dynatlas dlq drop takes it away"})");
  }
  line.push_back('\n');
  return std::string(line.view());
}

Result<void> export_dead_letters(sqlite3* database, const std::string& folder) {
  ASSIGN_OR_RETURN(Statement select, Statement::prepare(database, "SELECT id, document FROM dead_letters ORDER BY id"));
  const std::string path = (fs::path(state_folder(folder)) / "dead_letters.ndjson").string();
  ASSIGN_OR_RETURN(bool more, select.step());
  std::error_code error;
  if (!more && !fs::exists(path, error)) return {};
  ASSIGN_OR_RETURN(ReplacedFile file, ReplacedFile::begin(path));
  while (more) {
    RETURN_IF_ERROR(file.append(line_of_letter(select.bytes(0), select.bytes(1))));
    ASSIGN_OR_RETURN(more, select.step());
  }
  return file.finish();
}

Result<Descriptor> lock_export(const std::string& folder) {
  ASSIGN_OR_RETURN(Descriptor lock, lock_file((fs::path(state_folder(folder)) / "export.lock").string()));
  sweep(state_folder(folder));
  return lock;
}

Result<void> mark_exported(sqlite3* database, const std::vector<ChangedCollection>& collections) {
  if (collections.empty()) return {};
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database));
  ASSIGN_OR_RETURN(Statement mark,
                   Statement::prepare(database, "UPDATE collections SET exported = max(exported, ?) WHERE id = ?"));
  for (const ChangedCollection& collection : collections) {
    mark.bind(1, collection.changed);
    mark.bind(2, collection.id);
    RETURN_IF_ERROR(mark.run());
  }
  return transaction.commit();
}

}  // namespace

Result<void> export_parked(sqlite3* database, const std::string& folder) {
  ASSIGN_OR_RETURN(const Descriptor lock, lock_export(folder));
  ASSIGN_OR_RETURN(const Transaction snapshot, Transaction::begin_reading(database));
  return export_dead_letters(database, folder);
}

Result<void> export_dump(sqlite3* database, const std::string& folder) {
  ASSIGN_OR_RETURN(const Descriptor lock, lock_export(folder));
  std::vector<ChangedCollection> collections;
  {
    ASSIGN_OR_RETURN(const Transaction snapshot, Transaction::begin_reading(database));
    ASSIGN_OR_RETURN(collections, changed_collections(database, folder));
    for (const ChangedCollection& collection : collections)
      RETURN_IF_ERROR(export_collection(database, folder, collection));
    RETURN_IF_ERROR(export_dead_letters(database, folder));
  }
  return mark_exported(database, collections);
}

}  // namespace dynatlas
