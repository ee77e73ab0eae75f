// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace dynatlas {

// Ends the process where something is wrong, in the way that libFuzzer takes for a crash.
inline void require_nothing_wrong(std::string_view wrong) {
  if (wrong.empty()) return;
  std::cerr << wrong << std::endl;
  std::abort();
}

inline void require(bool holds, std::string_view what) {
  if (!holds) require_nothing_wrong(what);
}

}  // namespace dynatlas
