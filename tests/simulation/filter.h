// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "change/bson.h"

namespace dynatlas::simulation {

// Whether a document matches a filter as mongod reads it: equality, $eq $lt $lte $gt $gte $in $exists $type on dotted
// paths, and $and $or $nor. Any other operator is an std::invalid_argument: the simulation must learn it first.
bool matches(std::string_view document, std::string_view filter);

// What a projection leaves of a document: fields that are named (and `_id`), or all but those that are.
std::string projected(std::string_view document, std::string_view projection);

// Whether a document comes before another in the order of `sort`, {path: 1 or -1, ..}; what is absent sorts as null.
bool comes_before(std::string_view a, std::string_view b, std::string_view sort);

// Calls `found` for each path that a filter wants to equal one value, at its top and inside of $and.
void for_each_equality(std::string_view filter,
                       const std::function<void(std::string_view path, const BsonElement& value)>& found);

// Whether the filter consists of equalities alone.
bool is_all_equalities(std::string_view filter);

}  // namespace dynatlas::simulation
