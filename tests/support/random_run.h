// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>

namespace dynatlas {

// Calls `check` DYNATLAS_TEST_ITEMS times (where that is not set, `items` times, or DYNATLAS_TEST_PERCENT of them, as
// the presets with sanitizers have it), each time with a random source of its own: the n-th is seeded with
// DYNATLAS_TEST_SEED + n (a seed of chance where that is not set; it is printed).
//
// `check` says what is wrong, or nothing. The first failure ends the run and comes back, with the settings that bring
// it back alone; empty where there is none.
std::string first_failure(std::uint64_t items, const std::function<std::string(std::mt19937_64& random)>& check);

}  // namespace dynatlas
