// SPDX-License-Identifier: Apache-2.0
#include "base/field_name.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace dynatlas {

namespace {

using namespace std::string_literals;

std::string top(const std::string& name, const NameRules& rules = {}) { return escape_name(name, true, rules); }
std::string inner(const std::string& name, const NameRules& rules = {}) { return escape_name(name, false, rules); }

std::string path_of(const std::vector<std::string>& names) {
  std::string path;
  for (const std::string& name : names) append_path_segment(path, name);
  return path;
}

TEST(FieldName, KeepsWhatMongodbStoresSafely) {
  for (const std::string name : {"a", "a$", "a.b", ".", " ", "100%", "%%", "%zz", "%2", "%2g", "%g2", "é", "_ID",
                                 "_id2", "_dynatlas2", "\x7f", "\x01", "a\\b"}) {
    EXPECT_EQ(top(name), name);
    EXPECT_EQ(inner(name), name);
  }
}

TEST(FieldName, EscapesALeadingDollarOnly) {
  EXPECT_EQ(top("$set"), "%24set");
  EXPECT_EQ(inner("$"), "%24");
  EXPECT_EQ(inner("$$a$"), "%24$a$");
}

TEST(FieldName, EscapesNulEverywhere) {
  EXPECT_EQ(top("a\0b\0"s), "a%00b%00");
  EXPECT_EQ(inner("\0"s), "%00");
  EXPECT_EQ(inner("$\0"s), "%24%00");
}

TEST(FieldName, EscapesAPercentThatTwoHexDigitsFollow) {
  EXPECT_EQ(top("100%25"), "100%2525");
  EXPECT_EQ(inner("%24"), "%2524");
  EXPECT_EQ(inner("%aF"), "%25aF");
  EXPECT_EQ(inner("%%41"), "%%2541");
}

TEST(FieldName, EscapesTheEmptyNameAndTheNameThatTakesItsPlace) {
  EXPECT_EQ(inner(""), "%");
  EXPECT_EQ(inner("%"), "%25");
  EXPECT_EQ(top("%"), "%25");
}

TEST(FieldName, EscapesIdAndTheMetadataFieldAtTheTopLevelAlone) {
  EXPECT_EQ(top("_id"), "%5Fid");
  EXPECT_EQ(inner("_id"), "_id");
  EXPECT_EQ(top("_dynatlas"), "%5Fdynatlas");
  EXPECT_EQ(inner("_dynatlas"), "_dynatlas");
  EXPECT_EQ(top("meta", {.metadata = "meta"}), "%6Deta");
  EXPECT_EQ(top("_dynatlas", {.metadata = "meta"}), "_dynatlas");
}

TEST(FieldName, EscapesDotsWhereAsked) {
  EXPECT_EQ(top("a.b.", {.escape_dots = true}), "a%2Eb%2E");
  EXPECT_EQ(inner(".", {.escape_dots = true}), "%2E");
  EXPECT_EQ(inner("$.%2E", {.escape_dots = true}), "%24%2E%252E");
}

TEST(FieldName, ComesBackWithoutKnowingTheRules) {
  for (const std::string& name :
       {"$a"s, "\0"s, ""s, "%"s, "%24"s, "_id"s, "_dynatlas"s, "%5Fid"s, "a.b"s, "%2E"s, "%%%"s, "%00"s}) {
    for (const bool dots : {false, true}) {
      EXPECT_EQ(unescape_name(top(name, {.escape_dots = dots})), name);
      EXPECT_EQ(unescape_name(inner(name, {.escape_dots = dots})), name);
    }
  }
}

// Names made of what the escapes are made of.
rc::Gen<std::string> odd_name() {
  return rc::gen::container<std::string>(
      rc::gen::element('%', '2', '5', '4', 'E', 'e', '$', '.', '\0', '_', 'i', 'd', 'x'));
}

RC_GTEST_PROP(FieldName, IsReversible, (bool at_top, bool dots)) {
  const std::string name = *odd_name();
  const NameRules rules{.metadata = "%2", .escape_dots = dots};
  const std::string stored = escape_name(name, at_top, rules);
  RC_ASSERT(unescape_name(stored) == name);
  RC_ASSERT(stored.find('\0') == std::string::npos);
  RC_ASSERT(!stored.empty() && stored[0] != '$');
  RC_ASSERT(!at_top || (stored != "_id" && stored != rules.metadata));
  RC_ASSERT(!dots || stored.find('.') == std::string::npos);
}

RC_GTEST_PROP(FieldName, NeverMakesTwoNamesOne, (bool at_top)) {
  const std::string one = *odd_name();
  const std::string other = *odd_name();
  RC_ASSERT((escape_name(one, at_top, {}) == escape_name(other, at_top, {})) == (one == other));
}

TEST(FieldPath, JoinsNamesAndEscapesDotsAndBackslashes) {
  EXPECT_EQ(path_of({"a"}), "a");
  EXPECT_EQ(path_of({"a", "0", "b"}), "a.0.b");
  EXPECT_EQ(path_of({"a.b", "c\\d", "."}), "a\\.b.c\\\\d.\\.");
}

}  // namespace

}  // namespace dynatlas
