// SPDX-License-Identifier: Apache-2.0
#include "random_run.h"

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <optional>

namespace dynatlas {
namespace {

std::optional<std::uint64_t> number_in_environment(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr || *text == '\0') return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

}  // namespace

std::string first_failure(std::uint64_t items, const std::function<std::string(std::mt19937_64& random)>& check) {
  const std::uint64_t seed = number_in_environment("DYNATLAS_TEST_SEED").value_or(std::random_device{}());
  const std::uint64_t share = number_in_environment("DYNATLAS_TEST_PERCENT").value_or(100);
  const std::uint64_t usual = std::max<std::uint64_t>(1, items * share / 100);
  const std::uint64_t count = number_in_environment("DYNATLAS_TEST_ITEMS").value_or(usual);
  std::cout << "DYNATLAS_TEST_SEED=" << seed << " DYNATLAS_TEST_ITEMS=" << count << std::endl;
  for (std::uint64_t n = 0; n < count; ++n) {
    std::mt19937_64 random(seed + n);
    const std::string wrong = check(random);
    if (wrong.empty()) continue;
    return wrong + "\n\nAgain, alone: DYNATLAS_TEST_SEED=" + std::to_string(seed + n) + " DYNATLAS_TEST_ITEMS=1";
  }
  return {};
}

}  // namespace dynatlas
