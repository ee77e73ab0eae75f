// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "change/record.h"

namespace dynatlas {

// Values that stand in the documents otherwise than their readers may expect; each document of the input counts.
struct ValueCounts {
  NumberCounts numbers;
  std::uint64_t unread_dates = 0;

  void add(const NumberCounts& more, std::uint64_t more_unread_dates) {
    numbers.rounded += more.rounded;
    numbers.as_text += more.as_text;
    unread_dates += more_unread_dates;
  }
  void add(const ValueCounts& more) { add(more.numbers, more.unread_dates); }
};

// One line a kind that occurred, each ended, for a person.
std::string describe(const ValueCounts& counts);

}  // namespace dynatlas
