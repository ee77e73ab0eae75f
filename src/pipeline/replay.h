// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "pipeline/blocks.h"
#include "pipeline/value_counts.h"
#include "target/target.h"

namespace dynatlas {

struct ReplayOptions {
  InputForm form = InputForm::any;
  std::string stream;                 // the ARN of records that name none
  std::optional<std::int64_t> as_of;  // µs: items count as copied at this time
  std::size_t jobs = 1;
  std::vector<std::string> files;
};

// read = upserted + removed + stale + coalesced + parked + filtered.
struct ReplaySummary {
  std::uint64_t read = 0;
  std::uint64_t parked = 0;
  std::uint64_t filtered = 0;
  Applied applied;
  ValueCounts values;
};

// Applies all files to the target. An error of kind fatal says what to change; what was applied until then is kept, and
// `summary` counts it. `stop` ends the run after the block in hand, which is such an error too.
Result<void> replay(const Config& config, const ReplayOptions& options, Target& target, const std::atomic<bool>& stop,
                    ReplaySummary& summary);

}  // namespace dynatlas
