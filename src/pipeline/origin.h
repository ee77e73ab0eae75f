// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "target/target.h"

namespace dynatlas {

// Where a change came from: what has to be known of it should its target not take it.
struct Origin {
  std::string table;
  std::string_view file_name;     // lasts as long as the run
  std::uint64_t record = 0;       // from 0, in its file
  std::string text;               // the record as received
  std::string_view form = "any";  // how that is read again
  bool says_table = false;        // the text itself
  std::string id = {};            // of a record that its stream numbers: where it stood; empty for one of a file
};

// "changes.ndjson: record 3", or the id
std::string position_of(const Origin& origin);

// The change as a record that cannot be written, for this cause.
ParkedRecord parked_record(const Change& change, const Origin& origin, const std::string& cause);

// The id of a record that came from files (docs/file-formats.md, "Dead letters"). `told_table` is its table where the
// record itself does not say it: one text may stand for items of several tables.
std::string parked_id(const std::string& record_sha256, std::string_view told_table);

}  // namespace dynatlas
