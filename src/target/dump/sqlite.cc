// SPDX-License-Identifier: Apache-2.0
#include "target/dump/sqlite.h"

#include <fmt/format.h>

namespace dynatlas {

Error sqlite_error(sqlite3* database) {
  const int code = sqlite3_errcode(database);
  const char* file = sqlite3_db_filename(database, "main");
  const std::string place = file == nullptr || *file == '\0' ? "the working state" : file;
  // SQLite's message for a full disk and the like holds no data; constraint messages would name columns only.
  const std::string cause =
      fmt::format("{}: {} (SQLite {})", place, sqlite3_errmsg(database), sqlite3_extended_errcode(database));
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fatal(cause +
                   "; another process holds the dump folder for too long: end it, then run the same command again");
    case SQLITE_FULL:
      return fatal(cause + "; free space on the disk, then run the same command again");
    case SQLITE_IOERR:
      return fatal(cause + "; check the disk (is it full?), then run the same command again");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return fatal(cause + "; make the folder writable, then run the same command again");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fatal(cause + "; remove the .dynatlas folder and replay the whole input");
    default:
      return fatal(cause);
  }
}

Result<Statement> Statement::prepare(sqlite3* database, std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement,
                         nullptr) != SQLITE_OK) {
    return sqlite_error(database);
  }
  return Statement(statement);
}

void Statement::bind_text(int parameter, std::string_view text) {
  sqlite3_bind_text(statement_.get(), parameter, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void Statement::bind_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob(statement_.get(), parameter, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  Error error = sqlite_error(sqlite3_db_handle(statement_.get()));
  reset();
  return error;
}

Result<void> Statement::run() {
  RETURN_IF_ERROR(step());
  reset();
  return {};
}

std::string_view Statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  return {static_cast<const char*>(data),
          data == nullptr ? 0 : static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

Result<void> execute(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return sqlite_error(database);
  return {};
}

Result<Transaction> Transaction::begin(sqlite3* database) {
  RETURN_IF_ERROR(execute(database, "BEGIN IMMEDIATE"));
  return Transaction(database);
}

Result<Transaction> Transaction::begin_reading(sqlite3* database) {
  RETURN_IF_ERROR(execute(database, "BEGIN"));
  return Transaction(database);
}

Result<void> Transaction::commit() {
  RETURN_IF_ERROR(execute(database_, "COMMIT"));
  database_ = nullptr;
  return {};
}

Transaction::~Transaction() {
  if (database_ != nullptr) sqlite3_exec(database_, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace dynatlas
