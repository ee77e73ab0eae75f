// SPDX-License-Identifier: Apache-2.0
//
// What the CLI reads, too: it goes by Python's configparser.
#include "aws/ini_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace dynatlas {

namespace {

IniFile read(const std::string& text) {
  auto file = parse_ini(text, "config");
  EXPECT_TRUE(file) << file.error().message;
  return file.value_or(IniFile());
}

TEST(ParseIni, ASectionMayHaveARemark) {
  for (const char* head : {"[default] # mine", "[default] ; mine", "[default]# mine", "[ default ]\t\r"}) {
    EXPECT_EQ(read(fmt::format("{}\na = 1\n", head)), (IniFile{{"default", {{"a", "1"}}}})) << head;
  }
  EXPECT_EQ(read("[a] # [b] c\n"), (IniFile{{"a] # [b", {}}}));  // up to the last bracket
}

TEST(ParseIni, AFileMayBeIndented) {
  const IniFile expected = {{"default", {{"a", "1"}, {"b", "2"}}}, {"other", {{"c", "3"}}}};
  for (const char* indent : {"", "  ", "\t"}) {
    EXPECT_EQ(read(fmt::format("{0}[default]\n{0}a = 1\n\n{0}# of b\n{0}b = 2\n{0}[other]\n{0}c = 3\n", indent)),
              expected);
    EXPECT_EQ(read(fmt::format("[default]\n{0}a = 1\n{0}b = 2\n[other]\n{0}c = 3\n", indent)), expected);
  }
}

TEST(ParseIni, WhatIsIndentedMoreBelongsToThePairAbove) {
  EXPECT_EQ(read("  [s]\n  a =\n      x = 1\n\n    # of y\n    y = 2\n  b = 3\n    more\n   and = more\n c = 4\n"),
            (IniFile{{"s", {{"a", ""}, {"a.x", "1"}, {"a.y", "2"}, {"b", "3\nmore\nand = more"}, {"c", "4"}}}}));
}

TEST(ParseIni, SaysWhichLineIsNeither) {
  for (const char* text : {"\n[default\na = 1\n", "[s]\nHUSH\n", "#\na = HUSH\n", "[s]\n= HUSH\n"}) {
    const auto file = parse_ini(text, "config");
    ASSERT_FALSE(file) << text;
    EXPECT_EQ(file.error().message, "config:2: this line is neither a [section] nor `key = value` below one");
  }
}

}  // namespace

}  // namespace dynatlas
