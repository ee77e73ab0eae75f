// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/buffer.h"
#include "change/record.h"

namespace dynatlas {

// Reads one document of MongoDB Extended JSON v2, of either form, at `in` and appends it as BSON.
//
// json::json_padding NUL bytes must follow the text. The JSON is judged strictly but for its UTF-8, which ends up in
// the BSON as it came. Numbers: $numberInt, $numberLong, $numberDouble, $numberDecimal; without a wrapper integers are
// the narrowest of int32 and int64, all others the nearest double. Also $binary (and its older form with $type), $date
// and $oid. What DynamoDB has no type for and dynatlas never writes ($timestamp, $regularExpression, ..) is refused,
// and so are names with NUL, a name twice in one document, a Decimal128 that is no DynamoDB number, and documents
// beyond the limits in change/foreign_limits.h.
//
// Returns the position behind the document, or null: then `fault` says why and where, and `out` is as before.
const char* read_extended_json(const char* in, Buffer& out, RecordFault& fault);

}  // namespace dynatlas
