// SPDX-License-Identifier: Apache-2.0
#include "base/count_newlines.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <string>

namespace dynatlas {

namespace {

TEST(CountNewlines, CountsLineFeedsAlone) {
  EXPECT_EQ(count_newlines(""), 0U);
  EXPECT_EQ(count_newlines("a\r\nb\rc\v\f\x8A\n"), 2U);
}

// One lane of sixteen counts to 255 before it is added up: lengths around that must not lose a line.
TEST(CountNewlines, CountsTextsOfNothingElse) {
  for (const std::size_t size :
       {1U, 15U, 16U, 17U, 16U * 254, 16U * 255, 16U * 255 + 1, 16U * 256, 16U * 510 + 7, 1000003U})
    EXPECT_EQ(count_newlines(std::string(size, '\n')), size);
}

RC_GTEST_PROP(CountNewlines, CountsAsTheStandardLibraryDoes, ()) {
  const auto text = *rc::gen::scale(10, rc::gen::container<std::string>(rc::gen::element('\n', 'a', '\x8A', '\0')));
  const std::size_t begin = *rc::gen::inRange<std::size_t>(0, 17);  // whatever the alignment
  const std::string_view part = std::string_view(text).substr(std::min(begin, text.size()));
  RC_ASSERT(count_newlines(part) == static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n')));
}

}  // namespace

}  // namespace dynatlas
