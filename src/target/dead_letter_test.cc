// SPDX-License-Identifier: Apache-2.0
#include "target/dead_letter.h"

#include <gtest/gtest.h>

#include "support/target_contract.h"

namespace dynatlas {

namespace {

ParkedRecord record() {
  ParkedRecord parked;
  parked.id = "files:00ff";
  parked.table = "customers";
  parked.to = "shop.customers";
  parked.key = key_of(R"({"h":"a","r":7})");
  parked.version = kinesis(1720740233012995, "4959");
  parked.position = "in.ndjson: record 0, line 1";
  parked.cause = "why";
  parked.record = "\x01\x02";
  parked.record_size = 5000000000;
  parked.record_sha256 = "00ff";
  return parked;
}

TEST(DeadLetter, HoldsWhatIsKnownInItsOrder) {
  EXPECT_EQ(json_of(dead_letter(record(), copied(5), 1720740233012), ExtendedJson::canonical),
            R"({"_id":"files:00ff","format":{"$numberInt":"1"},"table":"customers","to":"shop.customers",)"
            R"("key":{"h":"a","r":{"$numberInt":"7"}},)"
            R"("version":{"t":{"$numberLong":"1720740233012995"},"s":"k0044959"},)"
            R"("tombstone":{"t":{"$numberLong":"5"},"s":""},)"
            R"("position":"in.ndjson: record 0, line 1","cause":"why",)"
            R"("record":{"$binary":{"base64":"AQI=","subType":"00"}},"record_size":{"$numberLong":"5000000000"},)"
            R"("record_sha256":"00ff","at":{"$date":{"$numberLong":"1720740233012"}},)"
            R"("attempts":{"$numberInt":"1"}})");
}

TEST(DeadLetter, HoldsNullWhereNothingIsKnown) {
  ParkedRecord parked = record();
  parked.key.reset();
  parked.version.reset();
  const std::string letter = json_of(dead_letter(parked, std::nullopt, 0));
  EXPECT_NE(letter.find(R"("key":null,"version":null,"tombstone":null,)"), std::string::npos) << letter;
}

TEST(DeadLetter, CountsAttemptsAndLeavesTheRest) {
  const std::string first = dead_letter(record(), copied(5), 1720740233012);
  const std::string third = tried_again(tried_again(first));
  std::string expected = json_of(first, ExtendedJson::canonical);
  expected.replace(expected.find(R"("attempts":{"$numberInt":"1"})"), std::string::npos,
                   R"("attempts":{"$numberInt":"3"}})");
  EXPECT_EQ(json_of(third, ExtendedJson::canonical), expected);
}

}  // namespace

}  // namespace dynatlas
