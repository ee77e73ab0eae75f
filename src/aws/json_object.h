// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace dynatlas {

// Small JSON objects: credentials, secrets, errors. Each call reads the whole text, so that a member is looked for
// once.

// Whether `text` is one JSON object.
bool is_json_object(std::string_view text);

// The string at a path of member names; none where the text is no JSON object, or nothing, null or another type is
// there.
std::optional<std::string> json_text(std::string_view object, std::initializer_list<std::string_view> path);

// The same for a whole number.
std::optional<std::int64_t> json_integer(std::string_view object, std::initializer_list<std::string_view> path);

// `text` as a JSON string, in quotes.
std::string json_quoted(std::string_view text);

}  // namespace dynatlas
