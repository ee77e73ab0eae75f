// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "target/mongodb/guarded_batch.h"

namespace dynatlas {

// `guard: off`: replaces and deletes by key, whatever is there. All changes are counted as upserted or removed.
Result<void> apply_unguarded(DeadlinePort& port, const Guarded& documents, std::span<BatchChange> changes);

}  // namespace dynatlas
