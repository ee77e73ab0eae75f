// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <random>
#include <string>

namespace dynatlas {

struct RandomItemOptions {
  bool binary_twice = false;  // base64 twice, as Kinesis records have it
  int nesting_max = 32;       // of lists and maps, as DynamoDB allows
  size_t attributes_max = 8;  // of the item and of each map; lists and sets are no longer
};

// The text of a DynamoDB-JSON item that DynamoDB would accept, some 100 bytes to some kilobytes.
//
// All types, names that need escaping (and one that is `_id`, `_dynatlas`, `%24`, empty inside a map), every class of
// number in every spelling, and JSON spelled oddly: blanks between tokens, escapes where none are needed. The same
// state of `random` gives the same text on every platform.
std::string random_item(std::mt19937_64& random, const RandomItemOptions& options = {});

}  // namespace dynatlas
