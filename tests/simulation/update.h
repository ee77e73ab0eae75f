// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dynatlas::simulation {

// What an update makes of a document, or mongod's error code.
struct Updated {
  std::int32_t code = 0;
  std::string document;
};

// A document that matched, after an update: replaced (it keeps its `_id`), or changed by $set, $unset and $inc on
// dotted paths. New fields come in the order of their names, as mongod adds them. Other operators are an
// std::invalid_argument.
Updated updated(std::string_view document, std::string_view update);

// What an upsert that matched nothing inserts: the filter's equalities (of a replacement: `_id` alone), then the
// update, $setOnInsert too; with the 12 bytes of `object_id` where no `_id` came out.
Updated upserted(std::string_view filter, std::string_view update, std::string_view object_id);

}  // namespace dynatlas::simulation
