// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dynatlas {

// RFC 4648 base64, a character at a time: the standard alphabet, obligatory padding, no blanks; unused bits of the last
// character are not judged. Nothing where it is none.
std::optional<std::string> text_base64_decode(std::string_view text);

std::string text_base64_encode(std::string_view bytes);

}  // namespace dynatlas
