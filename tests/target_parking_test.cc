// SPDX-License-Identifier: Apache-2.0
//
// The contract of every target: records that cannot be written (docs/file-formats.md, "Dead letters").
#include <gmock/gmock.h>

#include <regex>

#include "support/target_contract.h"

namespace dynatlas {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ParkedRecord parked(const Destination& destination) {
  ParkedRecord record;
  record.id = "files:abc";
  record.table = "customers";
  record.to = destination.name();
  record.destination = &destination;
  record.key = key_of(R"("a")");
  record.version = kinesis(15);
  record.position = "changes.ndjson: record 3, line 4";
  record.cause = "attribute `n` is no number";
  record.record = "{raw}";
  record.record_size = 5;
  record.record_sha256 = "abc";
  return record;
}

// Everything but the time, which is checked by its form.
std::string without_time(const std::string& letter) {
  return std::regex_replace(letter, std::regex(R"("at":\{"\$date":\{"\$numberLong":"\d{13}"\}\})"), R"("at":TIME)");
}

std::string time_in(const std::string& letter) {
  const std::size_t at = letter.find(R"("at":)");
  return letter.substr(at, letter.find("}}", at) - at);
}

TEST_P(TargetParking, KeepsARecordWithAllThatIsKnown) {
  apply({remove(R"("a")", kinesis(12, "34"))});
  ASSERT_TRUE(target->park(std::vector{parked(destination)}));
  const std::vector<std::string> letters = dead_letters();
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_EQ(
      without_time(letters[0]),
      R"({"_id":"files:abc","format":{"$numberInt":"1"},"table":"customers","to":")" + destination.name() +
          R"(","key":"a",)"
          R"("version":{"t":{"$numberLong":"15"},"s":"k0011"},"tombstone":{"t":{"$numberLong":"12"},"s":"k00234"},)"
          R"("position":"changes.ndjson: record 3, line 4","cause":"attribute `n` is no number","form":"any",)"
          R"("record":{"$binary":{"base64":"e3Jhd30=","subType":"00"}},"record_size":{"$numberLong":"5"},)"
          R"("record_sha256":"abc","at":TIME,"attempts":{"$numberInt":"1"}})");
}

TEST_P(TargetParking, SaysNothingOfWhatIsNotKnown) {
  ParkedRecord record = parked(destination);
  record.table.clear();
  record.to.clear();
  record.destination = nullptr;
  record.key.reset();
  record.version.reset();
  ASSERT_TRUE(target->park(std::vector{record}));
  EXPECT_THAT(dead_letters(),
              ElementsAre(HasSubstr(R"("table":"","to":"","key":null,"version":null,"tombstone":null)")));
}

TEST_P(TargetParking, HasNoTombstoneOfAKeyThatWasNotRemoved) {
  ASSERT_TRUE(target->park(std::vector{parked(destination)})) << "the collection is not known yet";
  apply({upsert(R"("a")", kinesis(1), 1), remove(R"("b")", kinesis(1))});
  ParkedRecord second = parked(destination);
  second.id = "files:def";
  ASSERT_TRUE(target->park(std::vector{second}));
  EXPECT_THAT(dead_letters(), ElementsAre(HasSubstr(R"("tombstone":null)"), HasSubstr(R"("tombstone":null)")));
}

TEST_P(TargetParking, ParksARepeatOnceAndCountsTheAttempts) {
  ASSERT_TRUE(target->park(std::vector{parked(destination)}));
  const std::string first = dead_letters().at(0);
  reopen();
  ParkedRecord again = parked(destination);
  again.position = "elsewhere";
  again.cause = "another cause";
  ASSERT_TRUE(target->park(std::vector{again, again}));
  const std::vector<std::string> letters = dead_letters();
  ASSERT_THAT(letters, SizeIs(1));
  EXPECT_THAT(letters[0], HasSubstr(R"("attempts":{"$numberInt":"3"}})"));
  EXPECT_THAT(letters[0], HasSubstr(R"("cause":"attribute `n` is no number")")) << "the first is kept";
  EXPECT_EQ(time_in(letters[0]), time_in(first));
}

TEST_P(TargetParking, KeepsOneRecordOfEachId) {
  std::vector<ParkedRecord> records(3, parked(destination));
  records[1].id = "files:def";
  records[2].id = "files:aaa";
  ASSERT_TRUE(target->park(records));
  ASSERT_TRUE(target->park({}));
  EXPECT_THAT(dead_letters(), ElementsAre(HasSubstr(R"({"_id":"files:aaa")"), HasSubstr(R"({"_id":"files:abc")"),
                                          HasSubstr(R"({"_id":"files:def")")));
}

TEST_P(TargetParking, KeepsALargeRecordsSizeAndHash) {
  ParkedRecord record = parked(destination);
  record.record = std::string(parked_record_bytes_max, 'x');
  record.record_size = parked_record_bytes_max + 1;
  record.record_sha256 = "of the whole";
  ASSERT_TRUE(target->park(std::vector{record}));
  EXPECT_THAT(dead_letters(),
              ElementsAre(HasSubstr(R"("record_size":{"$numberLong":"12582913"},"record_sha256":"of the whole")")));
}

TEST_P(TargetParking, ChangesNoDocument) {
  apply({upsert(R"("a")", kinesis(1), 1)});
  ASSERT_TRUE(target->park(std::vector{parked(destination)}));
  EXPECT_THAT(stored(), ElementsAre(stored_text(R"("a")", kinesis(1), 1)));
  EXPECT_THAT(apply({upsert(R"("a")", kinesis(14), 2)}).upserted, 1U) << "a parked version guards nothing";
}

}  // namespace

}  // namespace dynatlas
