// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <random>

namespace dynatlas {

// Random choices that are the same everywhere: the standard's distributions differ between libraries, a seed must not.
// (Nor may the order in which arguments are evaluated: throw twice in two statements.)
class Dice {
 public:
  explicit Dice(std::mt19937_64& random) : random_(random) {}

  size_t below(size_t limit) { return static_cast<size_t>(random_() % limit); }
  int between(int low, int high) { return low + static_cast<int>(below(static_cast<size_t>(high - low + 1))); }
  bool one_in(size_t n) { return below(n) == 0; }

  template <class T, size_t n>
  const T& one_of(const std::array<T, n>& choices) {
    return choices[below(n)];
  }

 private:
  std::mt19937_64& random_;
};

}  // namespace dynatlas
