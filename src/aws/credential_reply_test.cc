// SPDX-License-Identifier: Apache-2.0
#include "aws/credential_reply.h"

#include <gtest/gtest.h>

namespace dynatlas {

namespace {

TEST(ParseExpiration, ReadsIso8601) {
  const auto time = Clock::Time(std::chrono::seconds(1'720'740'233));  // 2024-07-11T23:23:53Z
  for (const char* text : {"2024-07-11T23:23:53Z", "2024-07-11t23:23:53z", "2024-07-11 23:23:53Z",
                           "2024-07-11T23:23:53+00:00", "2024-07-11T23:23:53+0000", "2024-07-11T23:23:53-00",
                           "20240711T232353Z", "20240712T082353+0900", "2024-07-11T14:23:53-09"}) {
    EXPECT_EQ(parse_expiration(text), time) << text;
  }
  for (const char* text : {"2024-07-11T23:23:53.500Z", "20240711T232353.5Z", "2024-07-11T23:23:53,5+0000"}) {
    EXPECT_EQ(parse_expiration(text), time + std::chrono::milliseconds(500)) << text;
  }
  for (const char* text : {"2024-07-11T23:23Z", "20240711T2323Z", "2024-07-11T23:23+0000"}) {
    EXPECT_EQ(parse_expiration(text), time - std::chrono::seconds(53)) << text;
  }
}

TEST(ParseExpiration, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "T",
                           "Z",
                           "soon",
                           "2024",
                           "20240711",
                           "2024-07-11",
                           "2024-07-11T",
                           "2024-07-11T23:23:53",
                           "20240711T232353",
                           "2024-07-11T23Z",
                           "2024-07-11T23:2Z",
                           "2024-07-11T232Z",
                           "2024-07-11T23:23.5Z",
                           "2024-07-11T23:23:53.Z",
                           "2024-7-11T23:23:53Z",
                           "202407-11T23:23:53Z",
                           "2024-13-11T23:23:53Z",
                           "20240711T242353Z",
                           "2024-07-11T23:23:53+",
                           "2024-07-11T23:23:53+2",
                           "2024-07-11T23:23:53+24",
                           "2024-07-11T23:23:53Z0",
                           "2024-07-11T23:23:53Z00",
                           "1720740233"}) {
    EXPECT_FALSE(parse_expiration(text)) << text;
  }
}

}  // namespace

}  // namespace dynatlas
