// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace dynatlas {

// The largest document that MongoDB stores, in bytes (MongoDB manual, "Limits and Thresholds").
inline constexpr std::size_t document_bytes_max = 16 * 1024 * 1024;

// Nested lists and maps of one item. MongoDB stores 100 levels, DynamoDB has 32.
inline constexpr int nesting_max = 99;

}  // namespace dynatlas
