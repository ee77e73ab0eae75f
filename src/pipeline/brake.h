// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>

#include "base/result.h"

namespace dynatlas {

// Counts how many records in a row were parked for one cause: a whole stream must not drain into the dead letters.
class Brake {
 public:
  // `limit`: limits.parked_in_a_row; 0: there is none.
  explicit Brake(std::size_t limit) : limit_(limit) {}

  // A record was not parked.
  void release() { in_a_row_ = 0; }

  // A record was parked for this cause, which `line` tells with its position. Fatal at the limit.
  Result<void> parked(const std::string& cause, const std::string& line) {
    in_a_row_ = cause == cause_ ? in_a_row_ + 1 : 1;
    cause_ = cause;
    if (limit_ == 0 || in_a_row_ < limit_) return {};
    return fatal(fmt::format("{} records in a row were parked for one cause (limits.parked_in_a_row); the last: {}",
                             in_a_row_, line));
  }

 private:
  std::size_t limit_;
  std::size_t in_a_row_ = 0;
  std::string cause_;  // of the last one
};

}  // namespace dynatlas
