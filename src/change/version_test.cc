// SPDX-License-Identifier: Apache-2.0
#include "change/version.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace dynatlas {

namespace {

const std::string stream_a = "aaaaaaaa";
const std::string stream_b = "bbbbbbbb";

void expect_order(const Version& older, const Version& newer) {
  EXPECT_TRUE(is_older(older, newer)) << older.s << " " << newer.s;
  EXPECT_FALSE(is_older(newer, older)) << older.s << " " << newer.s;
}

TEST(Version, OfKinesisSaysHowManyDigitsFollow) {
  EXPECT_EQ(kinesis_place("9"), "k0019");
  EXPECT_EQ(kinesis_place("49590338271490256608559692538361571095921575989136588898"),
            "k05649590338271490256608559692538361571095921575989136588898");
  EXPECT_EQ(kinesis_place(std::string(129, '9')), "k129" + std::string(129, '9'));
  EXPECT_EQ(kinesis_place("9", 1), "k0019.00000001");
  expect_order({1, kinesis_place("9")}, {1, kinesis_place("9", 1)});
  expect_order({1, kinesis_place("9", 9)}, {1, kinesis_place("9", 10)});
  expect_order({1, kinesis_place("9", 10)}, {1, kinesis_place("10")});
}

TEST(Version, OfStreamsNamesItsStream) {
  EXPECT_EQ(stream_place("0a1b2c3d", "111"), "d0a1b2c3d003111");
  EXPECT_EQ(stream_place(unknown_stream, "4421584500000000017450439091"), "d000000000284421584500000000017450439091");
}

TEST(Version, OfFilesIsFileAndRecord) {
  EXPECT_EQ(file_place(0, 0), "f00000000000000000000");
  EXPECT_EQ(file_place(12, 3456), "f00000012000000003456");
  EXPECT_EQ(file_place(0, 0).size(), place_size);
}

TEST(Version, HashesTheArnOfAStream) {
  // printf '%s' "$ARN" | sha256sum
  EXPECT_EQ(hash_of_stream("arn:aws:dynamodb:us-east-2:123456789012:table/orders/stream/2024-07-11T23:10:33.012"),
            "bf6466db");
  EXPECT_EQ(hash_of_stream(""), "00000000");
}

TEST(Version, GoesByTimeThenByPlace) {
  expect_order({1, "k0019"}, {2, "k0011"});
  expect_order({1, "k0011"}, {1, "k0019"});
  expect_order({1, "f00000000000000000009"}, {1, "f00000000000000000010"});
  expect_order({1, "f00000000000000000009"}, {1, "f00000001000000000000"});
  EXPECT_FALSE(is_older({1, "k0011"}, {1, "k0011"}));
}

TEST(Version, OfACopiedItemIsOlderThanAnyChangeOfItsTime) {
  for (const std::string& place : {kinesis_place("0"), stream_place(stream_a, "0"), file_place(0, 0)}) {
    expect_order({1, ""}, {1, place});
    expect_order({1, place}, {2, ""});
  }
}

TEST(Version, OfOneStreamGoesByNumberWhateverTheTime) {
  expect_order({2'000'000, stream_place(stream_a, "111")}, {1'000'000, stream_place(stream_a, "112")});
  expect_order({1'000'000, stream_place(stream_a, "99")}, {1'000'000, stream_place(stream_a, "100")});
  expect_order({1'000'000, stream_place(unknown_stream, "2")}, {0, stream_place(unknown_stream, "10")});
}

TEST(Version, OfTwoStreamsGoesByTime) {
  expect_order({1, stream_place(stream_b, "999")}, {2, stream_place(stream_a, "1")});
  expect_order({1, stream_place(stream_a, "999")}, {1, stream_place(stream_b, "1")});
  expect_order({1, stream_place(stream_b, "9")}, {2, kinesis_place("1")});
}

RC_GTEST_PROP(Version, OrdersPlacesAsTheirNumbers, (std::uint64_t a, std::uint64_t b)) {
  const std::string one = std::to_string(a);
  const std::string other = std::to_string(b);
  RC_ASSERT((kinesis_place(one) < kinesis_place(other)) == (a < b));
  RC_ASSERT((stream_place(stream_a, one) < stream_place(stream_a, other)) == (a < b));
  RC_ASSERT(is_older({0, stream_place(stream_a, one)}, {0, stream_place(stream_a, other)}) == (a < b));
}

}  // namespace

}  // namespace dynatlas
