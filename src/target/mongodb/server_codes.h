// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dynatlas {

// What a server's error code asks for. Source: docs/mongodb.md, "What the server's errors become"; the codes are those
// of MongoDB's error_codes.yml.
enum class CodeClass : std::uint8_t {
  duplicate_key,  // of a statement: proves nothing yet
  document,       // of a statement: the document will never be stored
  retry,          // elections, locks, time limits, throttling, write concerns that were not met in time
  fatal,          // permission, names, commands that are not there, sharding: a person has to act
  unknown,        // anything else: tried again a few times, then fatal; never poison
};

CodeClass class_of(std::int32_t code);

// The name of a code, such as DuplicateKey; empty where it is not known here.
std::string_view name_of_code(std::int32_t code);

// "error 121 (DocumentValidationFailure)"
std::string describe_code(std::int32_t code);

}  // namespace dynatlas
