// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dynatlas {

struct SqliteClose {
  void operator()(sqlite3* database) const { sqlite3_close_v2(database); }
};
using OwnedSqlite = std::unique_ptr<sqlite3, SqliteClose>;

// One prepared statement; bound and stepped, then reset for the next use.
class Statement {
 public:
  // `database` must outlive the statement.
  static Result<Statement> prepare(sqlite3* database, std::string_view sql);

  // Parameters count from 1. Texts and blobs must live until the statement is reset.
  void bind(int parameter, std::int64_t value) { sqlite3_bind_int64(statement_.get(), parameter, value); }
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::string_view bytes);
  void bind_null(int parameter) { sqlite3_bind_null(statement_.get(), parameter); }

  // True on a row, false when done.
  Result<bool> step();

  // For statements without rows: steps and resets.
  Result<void> run();

  void reset() { sqlite3_reset(statement_.get()); }

  // Columns count from 0; valid until the next step or reset.
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  std::string_view bytes(int column) const;
  bool is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

// The last failure of `database`, with what to do about it.
Error sqlite_error(sqlite3* database);

// Runs statements without parameters and rows.
Result<void> execute(sqlite3* database, const char* sql);

// Rolls back at its end what was not committed.
class Transaction {
 public:
  // Waits for other writers.
  static Result<Transaction> begin(sqlite3* database);

  // A snapshot for reading.
  static Result<Transaction> begin_reading(sqlite3* database);

  Result<void> commit();

  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

 private:
  explicit Transaction(sqlite3* database) : database_(database) {}

  sqlite3* database_;
};

}  // namespace dynatlas
