// SPDX-License-Identifier: Apache-2.0
#include "config/paths.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

namespace dynatlas {

namespace {

using testing::ElementsAre;
using testing::Optional;
using Names = std::vector<std::string>;

TEST(Path, IsNamesJoinedByDots) {
  EXPECT_THAT(split_path("a"), Optional(ElementsAre("a")));
  EXPECT_THAT(split_path("a.b.c"), Optional(ElementsAre("a", "b", "c")));
  EXPECT_THAT(split_path("a b.$c.%.0"), Optional(ElementsAre("a b", "$c", "%", "0")));
}

TEST(Path, TakesEscapedDotsAndBackslashesIntoNames) {
  EXPECT_THAT(split_path(R"(a\.b)"), Optional(ElementsAre("a.b")));
  EXPECT_THAT(split_path(R"(a\\.b)"), Optional(ElementsAre("a\\", "b")));
  EXPECT_THAT(split_path(R"(\.)"), Optional(ElementsAre(".")));
  EXPECT_THAT(split_path(R"(a\\\.b.c)"), Optional(ElementsAre("a\\.b", "c")));
}

TEST(Path, RefusesEmptyNamesAndAnEscapeOfNothing) {
  for (const std::string_view path : {"", ".", "a.", ".a", "a..b", "a\\", "a.\\"})
    EXPECT_FALSE(split_path(path)) << path;
}

RC_GTEST_PROP(Path, ComesBack, ()) {
  const auto name = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::element('.', '\\', 'a', '*', '\0')));
  const auto names = *rc::gen::nonEmpty(rc::gen::container<Names>(name));
  RC_PRE(names.size() <= 100);
  RC_ASSERT(split_path(join_path(names)) == names);
}

// An item has at most 99 nested lists and maps; a longer path is nobody's, and must not cost a stack.
TEST(Path, IsNoLongerThanAnItemIsDeep) {
  EXPECT_TRUE(split_path(join_path(Names(100, "a"))));
  EXPECT_FALSE(split_path(join_path(Names(101, "a"))));
  EXPECT_FALSE(split_path(join_path(Names(1'000'000, "a"))));
}

void expect_key(std::string_view option, const std::string& table, const Names& names) {
  const auto key = parse_key_option(option);
  ASSERT_TRUE(key) << option;
  EXPECT_EQ(key->table, table) << option;
  EXPECT_EQ(key->names, names) << option;
}

TEST(KeyOption, NamesHashAndRangeAndPerhapsATable) {
  expect_key("pk", "*", {"pk"});
  expect_key("pk,sk", "*", {"pk", "sk"});
  expect_key("t=pk", "t", {"pk"});
  expect_key("my.table-1=pk,sk", "my.table-1", {"pk", "sk"});
}

TEST(KeyOption, TakesEscapedSeparatorsIntoNames) {
  expect_key(R"(a\,b)", "*", {"a,b"});
  expect_key(R"(t=a\=b,c\\)", "t", {"a=b", "c\\"});
}

TEST(KeyOption, RefusesWhatNamesNoKey) {
  for (const std::string_view option : {"", "=", "t=", "=pk", "a,b,c", "a,", ",a", "t=a=b", "a,b=c", "a,a", "a\\"})
    EXPECT_FALSE(parse_key_option(option)) << option;
}

TEST(MapOption, SplitsAtTheFirstDot) {
  const auto map = parse_map_option("customers=shop.a.b");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->table, "customers");
  EXPECT_EQ(map->database, "shop");
  EXPECT_EQ(map->collection, "a.b");
}

TEST(MapOption, MayMapTheRest) {
  const auto map = parse_map_option("*=shop.*");
  ASSERT_TRUE(map);
  EXPECT_EQ(map->table, "*");
  EXPECT_EQ(map->database, "shop");
  EXPECT_EQ(map->collection, "*");
}

TEST(MapOption, RefusesWhatNamesNoTarget) {
  for (const std::string_view option : {"", "t", "t=", "=a.b", "t=a", "t=a.", "t=.b", "t=."})
    EXPECT_FALSE(parse_map_option(option)) << option;
}

}  // namespace

}  // namespace dynatlas
