// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "target/target.h"

namespace dynatlas {

// A parked record as a BSON document, in the shape of `dynatlas.dead_letters` (docs/file-formats.md):
//
//   _id, format (1), table, to, key, version {t, s}, tombstone, position, cause, form, record (Binary, cut at
//   parked_record_bytes_max), record_size, record_sha256, at (date), attempts
//
// key, version and tombstone are null where they are not known.
// `tombstone` is the key's, at that time.
std::string dead_letter(const ParkedRecord& record, const std::optional<Version>& tombstone,
                        std::int64_t at_milliseconds);

inline constexpr std::int32_t dead_letter_format = 1;

// A dead letter as it was read back.
struct DeadLetter {
  ParkedRecord record;  // without a destination
  std::optional<Version> tombstone;
  std::int64_t at_milliseconds = 0;
  std::int64_t attempts = 0;

  bool is_cut() const { return record.record.size() < record.record_size; }
};

// Reads a dead letter that anybody may have written, and that is stored under `id`. Fatal where its format is newer
// than ours, poison where it is damaged; the message goes behind "it".
Result<DeadLetter> read_dead_letter(std::string_view id, std::string_view letter);

// The same dead letter after one more attempt: all else stays as the first one left it.
std::string tried_again(std::string_view letter);

}  // namespace dynatlas
