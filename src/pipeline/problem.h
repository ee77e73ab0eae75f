// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "change/record.h"
#include "pipeline/blocks.h"

namespace dynatlas {

// Something to tell of one record; numbers count from the block's start.
struct Problem {
  std::uint64_t record = 0;
  std::uint64_t line = 0;
  std::uint64_t last_line = 0;  // of lines that were passed over; then `fault` is empty
  RecordFault fault;
};

// What is wrong, for a person: the attribute and the cause. A path is cut where it is very long: who made the item
// chose it, and a line of a log and a dead letter must take it.
std::string cause_of(const RecordFault& fault);

// The same as the rest of a sentence about the record.
std::string describe(const RecordFault& fault);

// One line for a person: input, record number (from 0, as in a version's place), line (from 1), attribute path, cause.
std::string describe(const Problem& problem, const std::string& file_name, const BlockBase& base);

}  // namespace dynatlas
