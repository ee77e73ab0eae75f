// SPDX-License-Identifier: Apache-2.0
#include "decode/record_time.h"

#include <gtest/gtest.h>

#include <string>

#include "decode/json.h"

namespace dynatlas {

namespace {

constexpr std::int64_t microseconds = 1;
constexpr std::int64_t milliseconds = 1000;
constexpr std::int64_t seconds = 1'000'000;

// In microseconds; "none" where it cannot be read, "broken" where it is no JSON value.
std::string time_of(const std::string& text, std::int64_t unit) {
  const std::string padded = text + "," + std::string(json::json_padding, '\0');
  RawTime time;
  const char* behind = read_time(padded.data(), time);
  if (behind == nullptr) return "broken";
  EXPECT_EQ(behind, padded.data() + text.size()) << text;
  const auto result = in_microseconds(time, unit);
  return result ? std::to_string(*result) : "none";
}

TEST(RecordTime, ReadsNumbersInTheUnitTheyHave) {
  EXPECT_EQ(time_of("1480642020", seconds), "1480642020000000");
  EXPECT_EQ(time_of("1660598951097", milliseconds), "1660598951097000");
  EXPECT_EQ(time_of("1720740233012995", microseconds), "1720740233012995");
  EXPECT_EQ(time_of("0", seconds), "0");
  EXPECT_EQ(time_of("7", microseconds), "7");
}

TEST(RecordTime, ReadsEveryTextOfANumber) {
  for (const char* text : {"1480642020", "1480642020.0", "1480642020.00", "1.48064202e9", "1.48064202E+9",
                           "14806420200e-1", R"("1480642020")", R"("\u0031480642020")"}) {
    EXPECT_EQ(time_of(text, seconds), "1480642020000000") << text;
  }
  EXPECT_EQ(time_of("1480642020.5", seconds), "1480642020500000");
  EXPECT_EQ(time_of("1.5", milliseconds), "1500");
  EXPECT_EQ(time_of("0.9", microseconds), "0");  // digits beyond microseconds are cut
}

TEST(RecordTime, ReadsWholeNumbersExactly) {
  EXPECT_EQ(time_of("99999999999999999", microseconds), "99999999999999999");  // beyond 2^53
  EXPECT_EQ(time_of(R"("99999999999999997")", microseconds), "99999999999999997");
  EXPECT_EQ(time_of("253402300799", seconds), "253402300799000000");
  EXPECT_EQ(time_of("253402300799999", milliseconds), "253402300799999000");
  EXPECT_EQ(time_of("253402300799999999", microseconds), "253402300799999999");
}

// As the AWS CLI prints times.
TEST(RecordTime, ReadsTextsOfRfc3339InWhateverUnit) {
  for (const std::int64_t unit : {microseconds, milliseconds, seconds}) {
    EXPECT_EQ(time_of(R"("2016-12-02T01:27:00+00:00")", unit), "1480642020000000");
    EXPECT_EQ(time_of(R"("2016-12-02T10:27:00+09:00")", unit), "1480642020000000");
    EXPECT_EQ(time_of(R"("2016-12-02T01:27:00.5Z")", unit), "1480642020500000");
    EXPECT_EQ(time_of(R"("2016-12-02T01:27:00\u005a")", unit), "1480642020000000");
  }
}

TEST(RecordTime, HasNoTimeOutsideOfTheYears1970To9999) {
  EXPECT_EQ(time_of("-1", seconds), "none");
  EXPECT_EQ(time_of("-0.5", seconds), "none");
  EXPECT_EQ(time_of("253402300800", seconds), "none");
  EXPECT_EQ(time_of("253402300800.0", seconds), "none");
  EXPECT_EQ(time_of("253402300800000", milliseconds), "none");
  EXPECT_EQ(time_of("253402300800000000", microseconds), "none");
  EXPECT_EQ(time_of("1480642020000000000", microseconds), "none");
  for (const char* text : {"9223372036854775807", "9223372036854775808", "18446744073709551617", "1e300", "1e999",
                           "100000000000000000000000000000000000000", R"("100000000000000000000000000000000000000")"}) {
    for (const std::int64_t unit : {microseconds, milliseconds, seconds})
      EXPECT_EQ(time_of(text, unit), "none") << text;
  }
  EXPECT_EQ(time_of(R"("1969-12-31T23:59:59Z")", seconds), "none");
}

TEST(RecordTime, PassesOverOtherValues) {
  for (const char* text :
       {"null", "true", "false", "{}", "[]", R"({"N":"5"})", "[1480642020]", R"("")", R"("yesterday")", R"("x1")"})
    EXPECT_EQ(time_of(text, seconds), "none") << text;
}

TEST(RecordTime, RefusesWhatIsNoJson) {
  for (const char* text : {"", "-", "1.", "1e", ".5", "+1", "x", "tru", R"("abc)", R"("\x")", "{", "[1"})
    EXPECT_EQ(time_of(text, seconds), "broken") << text;
}

TEST(RecordTime, ForgetsTheTimeBefore) {
  const std::string number = "1480642020" + std::string(json::json_padding, '\0');
  const std::string text = R"("2016-12-02T01:27:00Z")" + std::string(json::json_padding, '\0');
  const std::string null = "null" + std::string(json::json_padding, '\0');
  RawTime time;
  EXPECT_FALSE(in_microseconds(time, seconds));
  read_time(text.data(), time);
  read_time(number.data(), time);
  EXPECT_EQ(in_microseconds(time, milliseconds), 1480642020000);
  read_time(null.data(), time);
  EXPECT_FALSE(in_microseconds(time, seconds));
}

}  // namespace

}  // namespace dynatlas
