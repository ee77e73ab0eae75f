// SPDX-License-Identifier: Apache-2.0
#include "target/dead_letter.h"

#include <fmt/format.h>
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
            R"("position":"in.ndjson: record 0, line 1","cause":"why","form":"any",)"
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

// The letter with one member replaced, or without it where `value` is empty; `value` is Extended JSON.
std::string with(std::string_view name, std::string_view value) {
  const std::string replacement = value.empty() ? "" : bson_of(fmt::format(R"({{"{}":{}}})", name, value));
  const std::string letter = dead_letter(record(), copied(5), 1720740233012);
  Buffer out;
  OpenDocument copy(out);
  BsonReader reader(elements_of(letter));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name != name) append_element(out, element.type, element.name, element.value);
  }
  if (!value.empty()) out.append(elements_of(replacement));
  copy.close();
  return std::string(out.view());
}

TEST(DeadLetter, IsReadBack) {
  const auto read = read_dead_letter("files:00ff", dead_letter(record(), copied(5), 1720740233012));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->record.id, "files:00ff");
  EXPECT_EQ(read->record.table, "customers");
  EXPECT_EQ(read->record.to, "shop.customers");
  EXPECT_EQ(read->record.key, key_of(R"({"h":"a","r":7})"));
  EXPECT_EQ(read->record.version, kinesis(1720740233012995, "4959"));
  EXPECT_EQ(read->record.position, "in.ndjson: record 0, line 1");
  EXPECT_EQ(read->record.cause, "why");
  EXPECT_EQ(read->record.form, "any");
  EXPECT_EQ(read->record.record, "\x01\x02");
  EXPECT_EQ(read->record.record_size, 5000000000U);
  EXPECT_EQ(read->record.record_sha256, "00ff");
  EXPECT_EQ(read->tombstone, copied(5));
  EXPECT_EQ(read->at_milliseconds, 1720740233012);
  EXPECT_EQ(read->attempts, 1);
  EXPECT_TRUE(read->is_cut());
}

TEST(DeadLetter, IsReadBackWhereNothingIsKnown) {
  ParkedRecord parked = record();
  parked.key.reset();
  parked.version.reset();
  parked.record_size = 2;
  const auto read = read_dead_letter("files:00ff", dead_letter(parked, std::nullopt, 0));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(read->record.key || read->record.version || read->tombstone || read->is_cut());
}

TEST(DeadLetter, MayHaveBeenCountedUpByAServer) {
  const auto read = read_dead_letter("files:00ff", with("attempts", R"({"$numberLong":"7"})"));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->attempts, 7);
}

TEST(DeadLetter, HadNoFormAtFirst) {
  const auto read = read_dead_letter("files:00ff", with("form", ""));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->record.form, "any");
}

TEST(DeadLetter, OfANewerFormatIsRefused) {
  const auto read = read_dead_letter("files:00ff", with("format", "2"));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().kind, ErrorKind::fatal);
  EXPECT_NE(read.error().message.find("newer dynatlas"), std::string::npos) << read.error().message;
}

TEST(DeadLetter, ThatIsDamagedSaysWhere) {
  for (const char* name : {"_id", "format", "table", "to", "key", "version", "tombstone", "position", "cause", "record",
                           "record_size", "record_sha256", "at", "attempts"}) {
    for (const char* value : {"", "true", R"({"t":1})"}) {
      if (std::string_view(name) == "key" && value[0] == '{') continue;  // any document may be a key
      const auto read = read_dead_letter("files:00ff", with(name, value));
      ASSERT_FALSE(read) << name << value;
      EXPECT_EQ(read.error().kind, ErrorKind::poison);
      EXPECT_NE(read.error().message.find(fmt::format("`{}`", name)), std::string::npos) << read.error().message;
    }
  }
  EXPECT_FALSE(read_dead_letter("files:00ff", with("record_size", R"({"$numberLong":"1"})")))
      << "shorter than what is there";
}

TEST(DeadLetter, ThatStandsUnderAnotherIdIsDamaged) {
  EXPECT_FALSE(read_dead_letter("files:00fe", dead_letter(record(), copied(5), 1720740233012)));
}

TEST(DeadLetter, ThatIsCutOffIsDamaged) {
  const std::string whole = dead_letter(record(), copied(5), 1720740233012);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto read = read_dead_letter("files:00ff", whole.substr(0, size));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().kind, ErrorKind::poison);
  }
}

}  // namespace

}  // namespace dynatlas
