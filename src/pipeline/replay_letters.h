// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "target/dead_letters.h"
#include "target/target.h"

namespace dynatlas {

struct ReplayLettersOptions {
  std::vector<std::string> ids;  // empty: all
  std::string default_table;     // of letters whose table is not known; empty where nobody said
};

// What became of the letters that were asked for, each counted once.
struct LettersSummary {
  std::uint64_t applied = 0;
  std::uint64_t stale = 0;     // something as new or newer was there
  std::uint64_t filtered = 0;  // a rule leaves the change out
  std::uint64_t refused = 0;   // it cannot be applied this time either
  std::uint64_t too_old = 0;   // parked longer ago than a tombstone lives
  std::uint64_t missing = 0;   // there is no such letter

  std::uint64_t left() const { return refused + too_old + missing; }
};

// Applies parked changes under the guard, as the configuration says now, and drops their letters where they were
// applied, stale or filtered; of the others each is told on standard error with its cause. A letter is dropped after
// its change was applied: a crash between both leaves it, and it is stale then.
//
// Drains the target, or breaks off where an error (fatal, retry) or `stop` ends the run; `summary` counts what was
// done.
Result<void> replay_letters(const Config& config, const ReplayLettersOptions& options, Target& target,
                            DeadLetters& letters, Clock& clock, const std::atomic<bool>& stop, LettersSummary& summary);

}  // namespace dynatlas
