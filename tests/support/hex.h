// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace dynatlas {

// Bytes as the specifications' examples spell them: two hex digits each, blanks anywhere.
std::string from_hex(std::string_view hex);

std::string to_hex(std::string_view bytes);

}  // namespace dynatlas
