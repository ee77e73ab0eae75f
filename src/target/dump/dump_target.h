// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>

#include "target/dead_letters.h"
#include "target/dump/sqlite.h"
#include "target/target.h"

namespace dynatlas {

// The target that needs no server: a folder as mongodump writes it, kept equal to the tables by a working state in
// SQLite (target/dump/state.h). A batch is one transaction, so guard, tombstone and document never part; several
// processes may write one folder at once. The .bson files are written by drain().
class DumpTarget : public Target {
 public:
  enum class Mode : std::uint8_t { apply, dry_run };

  // Opens or makes the folder. A dry run works on a copy of the state that vanishes with it, and writes nothing.
  // Tombstones last `tombstone_life`; files have no retention that is known (docs/architecture.md, "Tombstones").
  static Result<std::unique_ptr<DumpTarget>> open(const std::string& folder, Mode mode,
                                                  std::chrono::milliseconds tombstone_life = std::chrono::hours(24 *
                                                                                                                30));

  ~DumpTarget() override;

  Result<Applied> apply(std::span<const Change> changes) override;
  Result<void> park(std::span<const ParkedRecord> records) override;
  Result<void> drain() override;
  Result<void> break_off() override;

  // The folder's dead letters; the target must outlive them.
  std::unique_ptr<DeadLetters> letters();

 private:
  struct Statements;
  // One collection as the state knows it.
  struct Collection {
    std::int64_t id = 0;
    std::string kind;
    bool changed = false;  // in this transaction
  };
  // What stands under a key.
  struct Found;

  DumpTarget(std::string folder, Mode mode, std::chrono::milliseconds tombstone_life, OwnedSqlite database,
             std::unique_ptr<Statements> statements);

  Result<Collection*> collection_of(const Change& change);
  Result<Collection> read_or_make(const Change& change);
  Result<void> set_key_fields(const Collection& collection, const Change& change);
  Result<void> check_kind(Collection& collection, const Change& change);
  Result<void> take_in(const Collection& collection, const Change& change);
  Result<std::string> letter_of(const ParkedRecord& record);
  Result<std::optional<Version>> tombstone_of(const ParkedRecord& record);
  Result<Found> find(const Collection& collection, const std::string& key);
  Result<void> apply_one(const Change& change, Collection& collection, Applied& applied);
  Result<void> erase(const std::string& key, Collection& collection);
  static std::string marked_as_deleted(const Change& change, const Found& found);
  Result<void> raise_tombstone(const Collection& collection, const std::string& key, const Version& version);
  Result<void> write(const Change& change, const std::string& key, std::string document, const Found& found,
                     Collection& collection);

  std::string folder_;
  Mode mode_;
  std::chrono::milliseconds tombstone_life_;
  OwnedSqlite database_;
  std::unique_ptr<Statements> statements_;
  std::map<const Destination*, Collection> collections_;  // of the current transaction
};

}  // namespace dynatlas
