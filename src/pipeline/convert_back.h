// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "config/config.h"
#include "pipeline/convert.h"

namespace dynatlas {

// Turns the documents in all files into DynamoDB-JSON items on standard output, one a line, in input order. Each
// document that cannot be one is told on standard error.
Result<ConvertSummary> convert_back(const Config& config, const ConvertOptions& options);

}  // namespace dynatlas
