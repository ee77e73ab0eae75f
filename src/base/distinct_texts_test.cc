// SPDX-License-Identifier: Apache-2.0
#include "base/distinct_texts.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <vector>

namespace dynatlas {

namespace {

TEST(DistinctTexts, OfNoneOrOneAreDistinct) {
  DistinctTexts texts;
  const auto level = texts.open();
  EXPECT_TRUE(texts.close(level));
  texts.add("");
  EXPECT_TRUE(texts.close(level));
}

RC_GTEST_PROP(DistinctTexts, AreFoundToBeEqualAsASetFindsThem, ()) {
  // Few values and both sides of the size at which the way of comparing changes.
  const auto size = *rc::gen::inRange<std::size_t>(0, 40);
  const auto values = *rc::gen::container<std::vector<std::string>>(
      size, rc::gen::map(rc::gen::inRange(0, 400), [](int n) { return std::to_string(n); }));
  DistinctTexts texts;
  const auto level = texts.open();
  for (const std::string& value : values) texts.add(value);
  RC_ASSERT(texts.close(level) == (std::set<std::string>(values.begin(), values.end()).size() == values.size()));
}

TEST(DistinctTexts, MayBeEqualOnDifferentLevels) {
  DistinctTexts texts;
  const auto outer = texts.open();
  texts.add("a");
  const auto inner = texts.open();
  texts.add("a");
  EXPECT_TRUE(texts.close(inner));
  texts.add("b");
  const auto next = texts.open();
  texts.add("b");
  texts.add("b");
  EXPECT_FALSE(texts.close(next));
  EXPECT_TRUE(texts.close(outer));
}

TEST(DistinctTexts, AreTheOuterLevelsStillAfterAnInnerOne) {
  DistinctTexts texts;
  const auto outer = texts.open();
  texts.add("a");
  const auto inner = texts.open();
  texts.add("x");
  EXPECT_TRUE(texts.close(inner));
  texts.add("a");
  EXPECT_FALSE(texts.close(outer));
}

TEST(DistinctTexts, AreNotJoinedWhenCompared) {
  DistinctTexts texts;
  const auto level = texts.open();
  for (const std::string text : {"ab", "a", "", "b"}) texts.add(text);
  EXPECT_TRUE(texts.close(level));
}

TEST(DistinctTexts, AreForgottenAfterAFault) {
  DistinctTexts texts;
  texts.open();
  texts.add("a");
  texts.clear();
  const auto level = texts.open();
  texts.add("a");
  EXPECT_TRUE(texts.close(level));
}

// Comparing all pairs of these would take minutes.
TEST(DistinctTexts, OfALargeLevelTakeNoSquareOfTime) {
  DistinctTexts texts;
  const auto level = texts.open();
  for (int i = 0; i < 300'000; ++i) texts.add(std::to_string(i));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(texts.close(level));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace

}  // namespace dynatlas
