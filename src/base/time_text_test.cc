// SPDX-License-Identifier: Apache-2.0
#include "base/time_text.h"

#include <gtest/gtest.h>

#include <string>

namespace dynatlas {

namespace {

using Time = std::optional<std::int64_t>;

TEST(ParseRfc3339, ReadsUtc) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), Time(0));
  EXPECT_EQ(parse_rfc3339("2016-12-02T01:27:00Z"), Time(1480642020000000));
  EXPECT_EQ(parse_rfc3339("2024-07-11T23:23:53.012995Z"), Time(1720740233012995));
  EXPECT_EQ(parse_rfc3339("9999-12-31T23:59:59.999999Z"), Time(last_microsecond_of_year_9999));
}

TEST(ParseRfc3339, ReadsOffsets) {
  EXPECT_EQ(parse_rfc3339("2016-12-02T01:27:00+00:00"), Time(1480642020000000));
  EXPECT_EQ(parse_rfc3339("2016-12-02T10:27:00+09:00"), Time(1480642020000000));
  EXPECT_EQ(parse_rfc3339("2016-12-01T20:27:00-05:00"), Time(1480642020000000));
  EXPECT_EQ(parse_rfc3339("2016-12-02T06:57:00.5+05:30"), Time(1480642020500000));
}

TEST(ParseRfc3339, CutsDigitsBeyondMicroseconds) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.1234567Z"), Time(123456));
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00.999999999Z"), Time(999999));
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:01.5Z"), Time(1500000));
}

TEST(ParseRfc3339, KnowsLeapYears) {
  EXPECT_EQ(parse_rfc3339("2000-02-29T00:00:00Z"), Time(951782400000000));
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00Z"), Time(1709164800000000));
  EXPECT_FALSE(parse_rfc3339("2100-02-29T00:00:00Z"));
  EXPECT_FALSE(parse_rfc3339("2023-02-29T00:00:00Z"));
}

TEST(ParseRfc3339, RefusesWhatIsNoTime) {
  for (const std::string text : {"",
                                 "2016",
                                 "2016-12-02",
                                 "2016-12-02T01:27:00",
                                 "2016-12-02T01:27Z",
                                 "2016-13-02T01:27:00Z",
                                 "2016-00-02T01:27:00Z",
                                 "2016-04-31T01:27:00Z",
                                 "2016-12-00T01:27:00Z",
                                 "2016-12-02T24:00:00Z",
                                 "2016-12-02T01:60:00Z",
                                 "2016-12-02T01:27:61Z",
                                 "2016-12-02T01:27:00.Z",
                                 "2016-12-02T01:27:00+9:00",
                                 "2016-12-02T01:27:00+0900x",
                                 "2016-12-02T01:27:00+24:00",
                                 "2016-12-02T01:27:00+01:60",
                                 "2016-12-02T01:27:00Zx",
                                 " 2016-12-02T01:27:00Z",
                                 "+016-12-02T01:27:00Z",
                                 "2016-1-02T01:27:00Z",
                                 "2016-12-02T01:27:-1Z",
                                 "1969-12-31T23:59:59Z",
                                 "2016/12/02T01:27:00Z",
                                 "1480642020"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(ParseTime, OfAnyYearReachesBeforeNineteenSeventy) {
  // date -u -d TIME +%s
  EXPECT_EQ(parse_rfc3339_of_any_year("1969-12-31T23:59:59Z"), Time(-1'000'000));
  EXPECT_EQ(parse_rfc3339_of_any_year("1969-12-31T23:59:59.5Z"), Time(-500'000));
  EXPECT_EQ(parse_rfc3339_of_any_year("1965-03-02T00:00:00+09:00"), Time(-152'614'800'000'000));
  EXPECT_EQ(parse_rfc3339_of_any_year("0001-01-01T00:00:00Z"), Time(-62'135'596'800'000'000));
  EXPECT_EQ(parse_rfc3339_of_any_year("9999-12-31T23:59:59.999999Z"), Time(last_microsecond_of_year_9999));
  EXPECT_FALSE(parse_rfc3339_of_any_year("-001-01-01T00:00:00Z"));
}

TEST(FormatRfc3339, PrintsMillisecondsOnlyWhereThereAreAny) {
  EXPECT_EQ(format_rfc3339_milliseconds(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339_milliseconds(1480642020000), "2016-12-02T01:27:00Z");
  EXPECT_EQ(format_rfc3339_milliseconds(1480642020007), "2016-12-02T01:27:00.007Z");
  EXPECT_EQ(format_rfc3339_milliseconds(1480642020120), "2016-12-02T01:27:00.120Z");
  EXPECT_EQ(format_rfc3339_milliseconds(253402300799999), "9999-12-31T23:59:59.999Z");
}

TEST(FormatRfc3339, ReadsBackTheSame) {
  for (std::int64_t milliseconds = 0; milliseconds < 253402300800000; milliseconds += 86'399'999 * 97LL + 1) {
    EXPECT_EQ(parse_rfc3339(format_rfc3339_milliseconds(milliseconds)), Time(milliseconds * 1000));
  }
}

}  // namespace

}  // namespace dynatlas
