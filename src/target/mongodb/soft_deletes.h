// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "target/mongodb/guarded_batch.h"

namespace dynatlas {

// `deletes: soft`: marks the documents of these removes as deleted where they are older, and touches no other field of
// them; where there is none, inserts its key attributes and the mark. Each remove has its verdict at the end. A
// document that another process marks with this very version at the same moment counts as removed in both.
Result<void> delete_softly(DeadlinePort& port, const MongoCollection& collection, std::span<BatchChange> removes,
                           bool repeat);

}  // namespace dynatlas
