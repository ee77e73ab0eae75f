// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "change/bson.h"

namespace dynatlas::simulation {

// Where the type of a value stands in the order of types that mongod sorts by; all numbers are of one bracket. Source:
// MongoDB manual, "Comparison/Sort Order".
int bracket_of(const BsonElement& value);

// Below 0, 0 or above 0, as mongod compares: numbers by value whatever their type (a double by the 34 digits nearest to
// it), documents field by field in order (type, name, value), binaries by length first, strings byte by byte; values of
// two brackets by their types. NaN is below all numbers, and equal to itself.
int compare_values(const BsonElement& a, const BsonElement& b);

// Equal exactly where the values compare equal: what a unique index goes by.
std::string comparable_key(const BsonElement& value);

// What a filter's dotted path finds in a document: the value itself and, where arrays are on the way, one of each
// member that leads on.
std::vector<BsonElement> values_at(std::string_view document, std::string_view path);

bool is_nan(const BsonElement& value);

}  // namespace dynatlas::simulation
