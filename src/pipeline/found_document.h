// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "change/record.h"

namespace dynatlas {

// What stands next in a file of documents.
struct FoundDocument {
  enum class Kind : std::uint8_t {
    document,
    refused,      // `fault` says why
    passed_over,  // lines that a syntax error made unreadable
    end,
  };
  enum class Unit : std::uint8_t { line, byte };

  Kind kind = Kind::end;
  Unit unit = Unit::line;
  std::uint64_t number = 0;     // of the document, or of what was refused: from 0
  std::uint64_t at = 0;         // the line, or the byte, where it begins: from 0
  std::uint64_t last_line = 0;  // that was passed over
  std::string_view bson = {};   // of a document, as long as its length says; lasts until the next one is looked for
  RecordFault fault = {};
};

}  // namespace dynatlas
