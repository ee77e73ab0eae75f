// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "target/dead_letter.h"

namespace dynatlas {

// One line of `dlq list`, as canonical Extended JSON: id, table, to, key, position, cause, at, attempts.
Result<std::string> line_of(const DeadLetter& letter);

// A whole dead letter as canonical Extended JSON, in one line; `record` is its text where it is valid UTF-8.
Result<std::string> whole_text_of(std::string_view letter);

}  // namespace dynatlas
