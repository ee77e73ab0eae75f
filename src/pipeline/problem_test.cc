// SPDX-License-Identifier: Apache-2.0
#include "pipeline/problem.h"

#include <gtest/gtest.h>

namespace dynatlas {

namespace {

const RecordFault fault{ErrorKind::poison, "a.b", "is no number"};

TEST(Problem, NamesTheAttributeAndTheCause) {
  EXPECT_EQ(describe(fault), "attribute `a.b` is no number");
  EXPECT_EQ(describe(RecordFault{ErrorKind::poison, "", "has no Keys"}), "it has no Keys");
}

TEST(Problem, CutsAPathThatIsVeryLong) {
  const RecordFault hostile{ErrorKind::poison, std::string(3'000'000, '\x80'), "is bad"};
  EXPECT_LT(cause_of(hostile).size(), 4096U);
  EXPECT_LT(describe(hostile).size(), 4096U);
}

// Records count from 0, as the places in versions do; lines from 1, as editors do.
TEST(Problem, CountsFromTheBlocksStart) {
  EXPECT_EQ(describe({0, 0, 0, fault}, "in.json", {0, 0}), "in.json: record 0, line 1: attribute `a.b` is no number");
  EXPECT_EQ(describe({3, 7, 0, fault}, "in.json", {100, 1000}),
            "in.json: record 103, line 1008: attribute `a.b` is no number");
}

TEST(Problem, TellsWhichLinesWerePassedOver) {
  EXPECT_EQ(describe({0, 4, 4, {}}, "-", {0, 10}), "-: line 15 was passed over");
  EXPECT_EQ(describe({0, 4, 9, {}}, "-", {0, 10}), "-: lines 15 to 20 were passed over");
}

TEST(Problem, CannotSteerATerminal) {
  EXPECT_EQ(describe(RecordFault{ErrorKind::poison, "\x1b[31m\n\x7f고객", "is bad"}),
            "attribute `\\u001b[31m\\u000a\\u007f고객` is bad");
  EXPECT_EQ(describe({0, 0, 0, {}}, "a\rb", {0, 0}), "a\\u000db: line 1 was passed over");
  EXPECT_EQ(describe({0, 0, 1, {}}, "a\rb", {0, 0}), "a\\u000db: lines 1 to 2 were passed over");
  EXPECT_EQ(describe({0, 0, 0, fault}, "a\rb", {0, 0}), "a\\u000db: record 0, line 1: attribute `a.b` is no number");
}

}  // namespace

}  // namespace dynatlas
