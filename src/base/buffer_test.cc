// SPDX-License-Identifier: Apache-2.0
#include "base/buffer.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace dynatlas {

namespace {

TEST(Buffer, IsEmptyAtFirst) {
  const Buffer buffer;
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.view(), "");
}

RC_GTEST_PROP(Buffer, HoldsWhatWasAppended, (const std::vector<std::string>& texts)) {
  Buffer buffer;
  std::string expected;
  for (const std::string& text : texts) {
    buffer.append(text);
    buffer.push_back('|');
    expected += text + '|';
    RC_ASSERT(buffer.view() == expected);
    RC_ASSERT(buffer.capacity() >= buffer.size());
  }
}

TEST(Buffer, KeepsItsPlaceWhileThereIsRoom) {
  Buffer buffer;
  buffer.reserve_more(1000);
  const std::uint8_t* const data = buffer.data();
  for (int i = 0; i < 1000; ++i) buffer.push_back('x');
  EXPECT_EQ(buffer.data(), data);
  EXPECT_EQ(buffer.end(), data + 1000);
}

TEST(Buffer, GrowsByAFactorSoThatManyBytesCostFewMoves) {
  Buffer buffer;
  std::size_t moves = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    const std::size_t before = buffer.capacity();
    buffer.push_back('x');
    if (buffer.capacity() != before) ++moves;
  }
  EXPECT_LT(moves, 40U);
}

TEST(Buffer, ForgetsButKeepsItsRoom) {
  Buffer buffer;
  buffer.append("text");
  const std::size_t capacity = buffer.capacity();
  buffer.resize_to(2);
  EXPECT_EQ(buffer.view(), "te");
  buffer.resize_to(buffer.data() + 1);
  EXPECT_EQ(buffer.view(), "t");
  buffer.clear();
  EXPECT_EQ(buffer.view(), "");
  EXPECT_EQ(buffer.capacity(), capacity);
}

TEST(Buffer, MovesItsBytesAlong) {
  Buffer first;
  first.append("one");
  Buffer second(std::move(first));
  EXPECT_EQ(second.view(), "one");
  Buffer third;
  third.append("two");
  third = std::move(second);
  EXPECT_EQ(third.view(), "one");
}

TEST(Buffer, TakesNothing) {
  Buffer buffer;
  buffer.append(nullptr, 0);
  buffer.append("");
  EXPECT_EQ(buffer.size(), 0U);
}

}  // namespace

}  // namespace dynatlas
