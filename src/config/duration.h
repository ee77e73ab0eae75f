// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace dynatlas {

// A duration such as 500ms, 30s, 10m, 24h or 30d: a whole number and its unit, at most 10,000 days. None where it is
// none.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace dynatlas
