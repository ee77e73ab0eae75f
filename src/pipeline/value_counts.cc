// SPDX-License-Identifier: Apache-2.0
#include "pipeline/value_counts.h"

#include <fmt/format.h>

namespace dynatlas {

std::string describe(const ValueCounts& counts) {
  std::string text;
  if (counts.numbers.as_text != 0) {
    text += fmt::format("numbers kept as strings, for no type of MongoDB holds all their digits: {}\n",
                        counts.numbers.as_text);
  }
  if (counts.numbers.rounded != 0) {
    text += fmt::format("numbers rounded, by the policy `double`: {}\n", counts.numbers.rounded);
  }
  if (counts.unread_dates != 0) {
    text +=
        fmt::format("values under fields.dates that are no such date and stay as they are: {}\n", counts.unread_dates);
  }
  return text;
}

}  // namespace dynatlas
