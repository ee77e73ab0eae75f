// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dynatlas {

// A dead letter as it is stored: BSON that may be damaged (target/dead_letter.h reads it), and what it stands under.
struct StoredLetter {
  std::string id;
  std::string bson;
};

// The parked records of a target, for a person who looks after them. Others may park, replay and drop meanwhile.
//
// Errors are the target's.
class DeadLetters {
 public:
  virtual ~DeadLetters() = default;

  // The next letters, in the order of their ids' bytes, dead_letters_page_max at most: those behind `after`, from the
  // first where it is none. Empty at the end.
  virtual Result<std::vector<StoredLetter>> page(const std::optional<std::string>& after) = 0;

  virtual Result<std::optional<StoredLetter>> find(const std::string& id) = 0;

  // Takes letters away; those that are gone already do not matter.
  virtual Result<void> drop(std::span<const std::string> ids) = 0;

  // One more attempt to apply the record was refused. Nothing happens where the letter is gone.
  virtual Result<void> count_attempt(const std::string& id) = 0;

  // What was dropped and counted becomes visible to others.
  virtual Result<void> finish() = 0;
};

// A letter may have 16 MiB.
inline constexpr std::int64_t dead_letters_page_max = 16;

}  // namespace dynatlas
