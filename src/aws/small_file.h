// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"

namespace dynatlas {

inline constexpr std::size_t small_file_bytes_max = 1024 * 1024;

// The bytes of a file of settings or of a token; none where there is no such file. Fatal where it cannot be read or is
// larger than small_file_bytes_max.
Result<std::optional<std::string>> read_small_file(const std::string& path);

}  // namespace dynatlas
