// SPDX-License-Identifier: Apache-2.0
#include "target/dump/state.h"

#include <fmt/format.h>

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
  uuid BLOB NOT NULL, changed INTEGER NOT NULL, exported INTEGER NOT NULL, UNIQUE (database, collection));
CREATE TABLE IF NOT EXISTS documents (
  id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, key BLOB NOT NULL, t INTEGER, s TEXT, is_foreign INTEGER NOT NULL,
  document BLOB NOT NULL, UNIQUE (collection, key));
CREATE TABLE IF NOT EXISTS tombstones (
  collection INTEGER NOT NULL, key BLOB NOT NULL, t INTEGER NOT NULL, s TEXT NOT NULL, expire_at INTEGER NOT NULL,
  PRIMARY KEY (collection, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS dead_letters (id TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID;
INSERT INTO format SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM format);
)sql";

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

}  // namespace

std::string state_folder(const std::string& folder) { return (fs::path(folder) / ".dynatlas").string(); }

Result<OwnedSqlite> open_state(const std::string& folder) {
  std::error_code error;
  fs::create_directories(state_folder(folder), error);
  if (error) return fatal(fmt::format("{}: cannot be made: {}", state_folder(folder), error.message()));
  ASSIGN_OR_RETURN(OwnedSqlite database, open_file((fs::path(state_folder(folder)) / "state.sqlite").string()));
  RETURN_IF_ERROR(use_write_ahead_log(database.get()));
  RETURN_IF_ERROR(prepare(database.get()));
  return database;
}

Result<OwnedSqlite> open_state_copy(const std::string& folder) {
  ASSIGN_OR_RETURN(OwnedSqlite copy, open_file(""));
  const fs::path original = fs::path(state_folder(folder)) / "state.sqlite";
  std::error_code error;
  if (fs::exists(original, error)) {
    ASSIGN_OR_RETURN(const OwnedSqlite source, open_file(original.string()));
    sqlite3_backup* backup = sqlite3_backup_init(copy.get(), "main", source.get(), "main");
    if (backup == nullptr) return sqlite_error(copy.get());
    sqlite3_backup_step(backup, -1);
    if (sqlite3_backup_finish(backup) != SQLITE_OK) return sqlite_error(copy.get());
  }
  RETURN_IF_ERROR(prepare(copy.get()));
  return copy;
}

}  // namespace dynatlas
