// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>

namespace dynatlas {

// A hostile text made of a valid item's: one to three faults, of its bytes, its JSON, its types, its numbers.
//
// Nearly always poison, but not always: a flipped letter in a string leaves an item.
std::string mutate(std::string item, std::mt19937_64& random);

}  // namespace dynatlas
