// SPDX-License-Identifier: Apache-2.0
#include "transform/version_of.h"

#include <gtest/gtest.h>

namespace dynatlas {

namespace {

constexpr std::string_view place = "f00000002000000000007";
constexpr std::string_view arn = "arn:aws:dynamodb:us-east-2:123456789012:table/orders/stream/2024-07-11T23:10:33.012";
constexpr std::string_view hash = "bf6466db";  // printf '%s' "$ARN" | sha256sum | cut -c1-8

Record record_of(Record::Form form, std::optional<std::int64_t> time, std::string_view sequence = {}) {
  Record record;
  record.form = form;
  record.time = time;
  record.sequence = sequence;
  return record;
}

TEST(VersionOf, AnItemIsNone) {
  EXPECT_EQ(Versions("").of(record_of(Record::Form::item, std::nullopt), place), std::nullopt);
}

TEST(VersionOf, AnIncrementalExportIsItsTimeAndItsPlace) {
  const auto version = Versions("").of(record_of(Record::Form::incremental, 1'680'109'764'000'123), place);
  EXPECT_EQ(version, (Version{1'680'109'764'000'123, std::string(place)}));
}

TEST(VersionOf, AKinesisRecordIsItsTimeAndItsSequenceNumber) {
  const auto version = Versions("").of(record_of(Record::Form::kinesis, 1'720'740'233'012'995, "49590"), place);
  EXPECT_EQ(version, (Version{1'720'740'233'012'995, "k00549590"}));
}

TEST(VersionOf, AKinesisRecordWithoutSequenceNumberIsItsPlace) {
  const auto version = Versions(std::string(arn)).of(record_of(Record::Form::kinesis, 1'720'740'233'012'995), place);
  EXPECT_EQ(version, (Version{1'720'740'233'012'995, std::string(place)}));
}

TEST(VersionOf, AStreamsRecordNamesItsStream) {
  Record record = record_of(Record::Form::streams, 1'480'642'020'000'000, "111");
  record.stream_arn = arn;
  const std::string expected = "d" + std::string(hash) + "003111";
  EXPECT_EQ(Versions("").of(record, place), (Version{1'480'642'020'000'000, expected}));
  EXPECT_EQ(Versions("arn:of:another").of(record, place), (Version{1'480'642'020'000'000, expected}));
}

TEST(VersionOf, AStreamsRecordThatNamesNoStreamIsOfTheOneThatWasGiven) {
  const Record record = record_of(Record::Form::streams, 1'480'642'020'000'000, "111");
  EXPECT_EQ(Versions(std::string(arn)).of(record, place)->s, "d" + std::string(hash) + "003111");
  EXPECT_EQ(Versions("").of(record, place)->s, "d00000000003111");
}

TEST(VersionOf, StreamsThatAlternateKeepTheirHashes) {
  Versions versions{std::string(arn)};
  Record other = record_of(Record::Form::streams, 1'000'000, "1");
  other.stream_arn = "arn:of:another";  // printf '%s' arn:of:another | sha256sum
  const Record given = record_of(Record::Form::streams, 1'000'000, "1");
  const std::string first = versions.of(given, place)->s;
  const std::string second = versions.of(other, place)->s;
  EXPECT_EQ(first, "d" + std::string(hash) + "0011");
  EXPECT_EQ(second, "df60500c20011");
  EXPECT_EQ(versions.of(given, place)->s, first);
  EXPECT_EQ(versions.of(other, place)->s, second);
  EXPECT_EQ(Versions("").of(given, place)->s, "d000000000011");
}

// Streams records have whole seconds: two of one item within a second are told apart by their numbers alone.
TEST(VersionOf, TwoStreamsRecordsOfOneSecondAreInOrder) {
  Versions versions("");
  const auto first = versions.of(record_of(Record::Form::streams, 1'480'642'020'000'000, "999"), place);
  const auto second = versions.of(record_of(Record::Form::streams, 1'480'642'020'000'000, "1000"), place);
  EXPECT_TRUE(is_older(*first, *second));
}

TEST(VersionOf, AStreamsRecordWithoutSequenceNumberIsItsPlace) {
  const auto version = Versions(std::string(arn)).of(record_of(Record::Form::streams, 1'480'642'020'000'000), place);
  EXPECT_EQ(version, (Version{1'480'642'020'000'000, std::string(place)}));
}

}  // namespace

}  // namespace dynatlas
