// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "change/change.h"

namespace dynatlas {

// A change that was not applied although nothing newer is there.
struct Refused {
  std::size_t index = 0;  // in the batch
  std::string cause;      // as a dead letter says it
  // Whether it may be applied later: a unique index of the user's holds the value until another change frees it.
  bool for_now = false;
};

// What became of a batch. Every change of it is counted once, or stands in `refused`.
struct Applied {
  std::uint64_t upserted = 0;
  std::uint64_t removed = 0;    // removes that raised their key's tombstone
  std::uint64_t stale = 0;      // refused: something as new or newer was there
  std::uint64_t coalesced = 0;  // a newer change of the same key was in the batch
  std::uint64_t ties =
      0;  // of the coalesced: equal time and another image, so that AWS's clock did not say which is newer
  std::vector<Refused> refused;

  // Changes that are counted; those in `refused` are not.
  std::uint64_t counted() const { return upserted + removed + stale + coalesced; }

  // Counts as well what became of other changes, without those that were refused.
  void count(const Applied& more) {
    upserted += more.upserted;
    removed += more.removed;
    stale += more.stale;
    coalesced += more.coalesced;
    ties += more.ties;
  }
};

// A record that cannot be written, as it is kept for a person (docs/file-formats.md, "Dead letters").
struct ParkedRecord {
  std::string id;  // made of where the record came from, so that nothing is parked twice
  std::string table;
  std::string to;
  const Destination* destination = nullptr;  // where the key belongs, so that its tombstone is kept too; may be null
  std::optional<StoredKey> key;
  std::optional<Version> version;
  std::string position;
  std::string cause;
  std::string form = "any";  // how `record` is read again: a word of --from; empty where it can never be
  std::string record;        // as received, cut at parked_record_bytes_max
  std::uint64_t record_size = 0;
  std::string record_sha256;
};

// A dead letter must fit a MongoDB document beside what else it says.
inline constexpr std::size_t parked_record_bytes_max = 12 * 1024 * 1024;

// Where changes go: the contract that every target keeps (tests/support/target_contract.h is its suite).
//
// Whatever is repeated, reordered or interleaved, by however many processes, the documents end as the newest change of
// each key says; a crash loses nothing that a repeat of the unacknowledged changes does not bring back
// (docs/architecture.md, "The guard").
class Target {
 public:
  virtual ~Target() = default;

  // Applies a batch, in any order; all that was not refused is acknowledged, or the error says why not. Fatal: a
  // collection that takes another kind of version or was mapped otherwise, foreign documents under `existing: refuse`,
  // no space.
  virtual Result<Applied> apply(std::span<const Change> changes) = 0;

  // Keeps records that cannot be written. Parking one twice keeps the first and counts the attempts.
  virtual Result<void> park(std::span<const ParkedRecord> records) = 0;

  // The input is drained: what was applied becomes visible to others.
  virtual Result<void> drain() = 0;

  // The run ends before its input does: what was parked becomes visible, for it may be the reason.
  virtual Result<void> break_off() = 0;
};

}  // namespace dynatlas
