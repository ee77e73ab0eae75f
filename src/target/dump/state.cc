// SPDX-License-Identifier: Apache-2.0
#include "target/dump/state.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

constexpr const char* schema = R"sql(
CREATE TABLE IF NOT EXISTS format (version INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS collections (
  id INTEGER PRIMARY KEY, database TEXT NOT NULL, collection TEXT NOT NULL, kind TEXT NOT NULL, fingerprint TEXT NOT NULL,
  uuid BLOB NOT NULL, key_fields TEXT NOT NULL, changed INTEGER NOT NULL, exported INTEGER NOT NULL, UNIQUE (database, collection));
CREATE TABLE IF NOT EXISTS documents (
  id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, key BLOB NOT NULL, t INTEGER, s TEXT, is_foreign INTEGER NOT NULL,
  document BLOB NOT NULL, UNIQUE (collection, key));
CREATE TABLE IF NOT EXISTS tombstones (
  collection INTEGER NOT NULL, key BLOB NOT NULL, t INTEGER NOT NULL, s TEXT NOT NULL, expire_at INTEGER NOT NULL,
  PRIMARY KEY (collection, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (id TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO format SELECT 2 WHERE NOT EXISTS (SELECT 1 FROM format);
)sql";

constexpr const char* upgrade_from_1 = R"sql(
ALTER TABLE collections ADD COLUMN key_fields TEXT NOT NULL DEFAULT '';
UPDATE format SET version = 2;
)sql";

// Stored names hold any character but this one.
constexpr char between_names = '\0';

// How long a writer waits for the others, in all. A batch takes milliseconds; an export only reads.
constexpr auto wait_max = std::chrono::minutes(2);

// SQLite's own busy handler sleeps up to 100 ms without jitter, which starves one of several steady writers.
int wait_for_others(void*, int attempt) {
  thread_local std::chrono::steady_clock::time_point first;
  thread_local std::minstd_rand random(std::random_device{}());
  const auto now = std::chrono::steady_clock::now();
  if (attempt == 0) first = now;
  if (now - first > wait_max) return 0;
  std::this_thread::sleep_for(std::chrono::microseconds(500 + random() % 4000));
  return 1;
}

Result<OwnedSqlite> open_file(const std::string& path) {
  sqlite3* opened = nullptr;
  const int code =
      sqlite3_open_v2(path.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  OwnedSqlite database(opened);
  if (code != SQLITE_OK)
    return opened == nullptr ? fatal(path + ": cannot be opened: out of memory") : sqlite_error(opened);
  sqlite3_busy_handler(opened, wait_for_others, nullptr);
  return database;
}

Result<void> prepare(sqlite3* database) {
  ASSIGN_OR_RETURN(Transaction transaction, Transaction::begin(database));
  RETURN_IF_ERROR(execute(database, schema));
  ASSIGN_OR_RETURN(Statement format, Statement::prepare(database, "SELECT version FROM format"));
  RETURN_IF_ERROR(format.step());
  const std::int64_t found = format.integer(0);
  format.reset();
  if (found > state_format) {
    return fatal(fmt::format("{}: its format {} is newer than this program's {}: use a newer dynatlas",
                             sqlite3_db_filename(database, "main"), found, state_format));
  }
  if (found == 1) RETURN_IF_ERROR(execute(database, upgrade_from_1));
  return transaction.commit();
}

// The journal mode is a property of the file; setting it again needs a lock that others may hold.
Result<void> use_write_ahead_log(sqlite3* database) {
  ASSIGN_OR_RETURN(Statement mode, Statement::prepare(database, "PRAGMA journal_mode"));
  RETURN_IF_ERROR(mode.step());
  const bool set = mode.bytes(0) == "wal";
  mode.reset();
  for (int attempt = 0; !set; ++attempt) {
    if (sqlite3_exec(database, "PRAGMA journal_mode=WAL", nullptr, nullptr, nullptr) == SQLITE_OK) break;
    if (sqlite3_errcode(database) != SQLITE_BUSY || wait_for_others(nullptr, attempt) == 0)
      return sqlite_error(database);
  }
  return execute(database, "PRAGMA synchronous=NORMAL");
}

std::string state_file(const std::string& folder) { return (fs::path(state_folder(folder)) / "state.sqlite").string(); }

// A file's name in an SQLite URI. Source: sqlite.org/uri.html, "URI filenames in SQLite".
std::string uri_path(const fs::path& path) {
  std::string text;
  for (const char c : fs::absolute(path).string()) {
    const bool escaped = c == '%' || c == '?' || c == '#';
    text += escaped ? fmt::format("%{:02x}", static_cast<unsigned char>(c)) : std::string(1, c);
  }
  return text;
}

// A database that nobody has open. Opening it in the ordinary way would make a log beside it, even for reading.
Result<OwnedSqlite> open_untouched(const fs::path& path) {
  sqlite3* opened = nullptr;
  const std::string uri = "file:" + uri_path(path) + "?immutable=1";
  const int code = sqlite3_open_v2(uri.c_str(), &opened, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, nullptr);
  OwnedSqlite database(opened);
  if (code != SQLITE_OK) return sqlite_error(opened);
  return database;
}

// A database with a log: others write it, or one was killed. The log is read with the rest, and stays.
Result<OwnedSqlite> open_with_log(const fs::path& path) {
  ASSIGN_OR_RETURN(OwnedSqlite database, open_file(path.string()));
  sqlite3_db_config(database.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return database;
}

Result<void> copy_database(sqlite3* from, sqlite3* to) {
  sqlite3_backup* backup = sqlite3_backup_init(to, "main", from, "main");
  if (backup == nullptr) return sqlite_error(to);
  const int stepped = sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK) return sqlite_error(to);
  return stepped == SQLITE_DONE ? Result<void>{} : sqlite_error(from);
}

Result<void> copy_state(const fs::path& path, sqlite3* to) {
  for (;;) {
    std::error_code error;
    const auto has_log = [&] { return fs::exists(path.string() + "-wal", error); };
    const auto written = [&] { return fs::last_write_time(path, error); };
    const bool in_use = has_log();
    const auto before = written();
    ASSIGN_OR_RETURN(const OwnedSqlite from, in_use ? open_with_log(path) : open_untouched(path));
    Result<void> copied = copy_database(from.get(), to);
    // Where somebody began to write meanwhile, the copy may be torn; then there is a log now, or was.
    if (in_use || (!has_log() && written() == before)) return copied;
  }
}

}  // namespace

std::string state_folder(const std::string& folder) { return (fs::path(folder) / ".dynatlas").string(); }

bool has_state(const std::string& folder) {
  std::error_code error;
  return fs::exists(state_file(folder), error);
}

std::string join_key_fields(const std::vector<std::string>& names) {
  std::string fields;
  for (const std::string& name : names) fields += name + between_names;
  return fields;
}

std::vector<std::string> split_key_fields(std::string_view fields) {
  std::vector<std::string> names;
  while (!fields.empty()) {
    names.emplace_back(fields.substr(0, fields.find(between_names)));
    fields.remove_prefix(std::min(fields.size(), names.back().size() + 1));
  }
  return names;
}

Result<OwnedSqlite> open_state(const std::string& folder) {
  std::error_code error;
  fs::create_directories(state_folder(folder), error);
  if (error) return fatal(fmt::format("{}: cannot be made: {}", state_folder(folder), error.message()));
  ASSIGN_OR_RETURN(OwnedSqlite database, open_file(state_file(folder)));
  RETURN_IF_ERROR(use_write_ahead_log(database.get()));
  RETURN_IF_ERROR(prepare(database.get()));
  return database;
}

Result<OwnedSqlite> open_state_copy(const std::string& folder) {
  ASSIGN_OR_RETURN(OwnedSqlite copy, open_file(""));
  Result<void> made;
  if (has_state(folder)) made = copy_state(state_file(folder), copy.get());
  if (made) made = prepare(copy.get());
  // The copy has no name.
  if (!made) return fatal(fmt::format("{}: {}", state_file(folder), made.error().message));
  return copy;
}

}  // namespace dynatlas
