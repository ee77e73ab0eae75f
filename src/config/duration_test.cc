// SPDX-License-Identifier: Apache-2.0
#include "config/duration.h"

#include <gtest/gtest.h>

namespace dynatlas {

namespace {

using std::chrono::milliseconds;

TEST(ParseDuration, TakesANumberAndItsUnit) {
  EXPECT_EQ(parse_duration("0s"), milliseconds(0));
  EXPECT_EQ(parse_duration("500ms"), milliseconds(500));
  EXPECT_EQ(parse_duration("30s"), milliseconds(30'000));
  EXPECT_EQ(parse_duration("10m"), milliseconds(600'000));
  EXPECT_EQ(parse_duration("24h"), milliseconds(86'400'000));
  EXPECT_EQ(parse_duration("10000d"), milliseconds(864'000'000'000));
}

TEST(ParseDuration, RefusesWhatIsNone) {
  for (const char* text : {"", "s", "10", "10 m", " 10m", "10m ", "-1s", "+1s", "1.5h", "10M", "10min", "1h30m",
                           "10001d", "99999999999999999999s", "18446744073709551615ms"})
    EXPECT_FALSE(parse_duration(text)) << text;
}

}  // namespace

}  // namespace dynatlas
