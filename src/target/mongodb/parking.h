// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

#include "target/mongodb/deadline_port.h"
#include "target/target.h"

namespace dynatlas {

// Where dead letters stand (docs/file-formats.md, "Dead letters").
inline CollectionName letters_in(const std::string& state_database) {
  return {state_database, "dynatlas.dead_letters"};
}

// Keeps records that cannot be written, each with its key's tombstone of now. One that is there already stays as it is,
// and counts one more attempt; where the server's answer got lost and all of it is given again, it counts two.
Result<void> park_records(DeadlinePort& port, const CollectionName& letters, std::span<const ParkedRecord> records);

// Counts so many more attempts; nothing happens where the letter is gone.
Result<void> count_attempts(DeadlinePort& port, const CollectionName& letters, const std::string& id,
                            std::int32_t times);

}  // namespace dynatlas
