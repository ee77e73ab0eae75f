// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "config/config.h"
#include "pipeline/change_maker.h"
#include "pipeline/destinations.h"
#include "target/dead_letter.h"

namespace dynatlas {

// Reads the records of dead letters again, as the configuration says now.
class LetterDecoder {
 public:
  // `default_table` is that of letters whose table is not known; empty where nobody said.
  LetterDecoder(const Config& config, std::string default_table)
      : config_(config), default_table_(std::move(default_table)), destinations_(config) {}

  // The letter's change, none where a rule leaves it out; it refers to this object. Poison says why it cannot be
  // applied, fatal why none can.
  Result<std::optional<Change>> change_of(const DeadLetter& letter);

 private:
  Result<std::optional<Change>> make(const DeadLetter& letter, const Record& record, const std::string& table);

  Config config_;  // its default table becomes the letter's
  std::string default_table_;
  Destinations destinations_;
  ChangeMaker maker_;
};

}  // namespace dynatlas
