// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "pipeline/blocks.h"
#include "pipeline/value_counts.h"

namespace dynatlas {

enum class ConvertTo : std::uint8_t { relaxed, canonical, bson, item };

struct ConvertOptions {
  ConvertTo to = ConvertTo::relaxed;
  InputForm form = InputForm::any;
  bool changes = false;
  bool metadata = false;
  std::string stream;  // the ARN of records that name none
  std::size_t jobs = 1;
  std::vector<std::string> files;  // "-" is standard input
};

struct ConvertSummary {
  std::uint64_t records = 0;
  std::uint64_t refused = 0;
  ValueCounts values;
};

// Converts all files to standard output, in input order. Each record that cannot be converted is told on standard
// error.
Result<ConvertSummary> convert(const Config& config, const ConvertOptions& options);

}  // namespace dynatlas
