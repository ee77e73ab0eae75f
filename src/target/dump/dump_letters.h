// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "target/dead_letters.h"
#include "target/dump/sqlite.h"

namespace dynatlas {

// The dead letters of a dump folder: those of its working state, which finish() exports.
class DumpLetters : public DeadLetters {
 public:
  enum class Mode : std::uint8_t { apply, dry_run };  // a dry run exports nothing

  // `database` is the working state, or a copy of it, and must outlive the object.
  DumpLetters(sqlite3* database, std::string folder, Mode mode)
      : database_(database), folder_(std::move(folder)), mode_(mode) {}

  Result<std::vector<StoredLetter>> page(const std::optional<std::string>& after) override;
  Result<std::optional<StoredLetter>> find(const std::string& id) override;
  Result<void> drop(std::span<const std::string> ids) override;
  Result<void> count_attempt(const std::string& id) override;
  Result<void> finish() override;

 private:
  sqlite3* database_;
  std::string folder_;
  Mode mode_;
};

}  // namespace dynatlas
