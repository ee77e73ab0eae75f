// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "change/change.h"
#include "target/target.h"

namespace dynatlas {

// The one change of each key that counts: the newest; of undated items the first, and any dated change before them;
// with `guard: off` the last. Removes come before upserts, each sorted by collection and key. What was dropped is
// counted in `applied`.
std::vector<const Change*> coalesce(std::span<const Change> changes, Applied& applied);

}  // namespace dynatlas
