// SPDX-License-Identifier: Apache-2.0
#include "target/dump/object_id.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace dynatlas {

namespace {

std::uint32_t big_endian(const std::string& bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = at; i < at + count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

TEST(ObjectId, BeginsWithTheTime) {
  const std::int64_t before = seconds_now();
  const std::string id = make_object_id();
  ASSERT_EQ(id.size(), 12U);
  EXPECT_GE(big_endian(id, 0, 4), before);
  EXPECT_LE(big_endian(id, 0, 4), seconds_now());
}

TEST(ObjectId, CountsUpwardsInOneProcess) {
  std::string last = make_object_id();
  for (int i = 0; i < 1000; ++i) {
    const std::string id = make_object_id();
    EXPECT_EQ(id.substr(4, 5), last.substr(4, 5)) << "the process's own bytes";
    EXPECT_EQ(big_endian(id, 9, 3), (big_endian(last, 9, 3) + 1) % (1U << 24));
    last = id;
  }
}

TEST(Uuid, IsRandomOfVersion4) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = random_uuid();
    ASSERT_EQ(uuid.size(), 16U);
    EXPECT_EQ(static_cast<unsigned char>(uuid[6]) >> 4, 4);
    EXPECT_EQ(static_cast<unsigned char>(uuid[8]) >> 6, 2);
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

}  // namespace

}  // namespace dynatlas
