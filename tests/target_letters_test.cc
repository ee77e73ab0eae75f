// SPDX-License-Identifier: Apache-2.0
//
// The contract of every target: its dead letters, for who looks after them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/target_contract.h"
#include "target/dead_letter.h"

namespace dynatlas {

namespace {

using Texts = std::vector<std::string>;

ParkedRecord parked(const std::string& id) {
  ParkedRecord record;
  record.id = id;
  record.table = "customers";
  record.cause = "why";
  record.record = "record of " + id;
  record.record_size = record.record.size();
  return record;
}

// The records of all letters, page by page.
Texts listed(DeadLetters& letters) {
  Texts records;
  std::optional<std::string> last;
  for (;;) {
    const auto page = letters.page(last);
    if (!page || page->empty()) return records;
    EXPECT_LE(page->size(), static_cast<std::size_t>(dead_letters_page_max));
    for (const StoredLetter& letter : *page) {
      const auto read = read_dead_letter(letter.id, letter.bson);
      records.push_back(read ? read->record.record : read.error().message);
    }
    last = page->back().id;
  }
}

Texts records_of(const Texts& ids) {
  Texts records;
  for (const std::string& id : ids) records.push_back("record of " + id);
  return records;
}

TEST_P(TargetLetters, AreNoneAtFirst) {
  const auto letters = *place->letters();
  EXPECT_EQ(listed(*letters), Texts{});
  EXPECT_FALSE(*letters->find("files:1"));
  EXPECT_TRUE(letters->drop(Texts{"files:1"}));
  EXPECT_TRUE(letters->count_attempt("files:1"));
  EXPECT_TRUE(letters->finish());
  EXPECT_EQ(listed(*letters), Texts{});
}

TEST_P(TargetLetters, AreListedInTheOrderOfTheirIds) {
  Texts ids;
  for (int i = 0; i < 40; ++i) ids.push_back(fmt::format("files:{:02}", i));
  for (std::size_t i = ids.size(); i > 0; --i) ASSERT_TRUE(target->park(std::vector{parked(ids[i - 1])}));
  EXPECT_EQ(listed(**place->letters()), records_of(ids));
}

TEST_P(TargetLetters, AreFoundUnderAnyId) {
  const Texts ids = {"", " ", "$x.y", "'; --", "files:1", "files:10", "\x7F", "\xC3\xA9"};
  for (const std::string& id : ids) ASSERT_TRUE(target->park(std::vector{parked(id)}));
  const auto letters = *place->letters();
  EXPECT_EQ(listed(*letters), records_of(ids));
  for (const std::string& id : ids) {
    const auto found = letters->find(id);
    ASSERT_TRUE(found && *found) << id;
    EXPECT_EQ((*found)->id, id);
    EXPECT_TRUE(read_dead_letter(id, (*found)->bson));
  }
  EXPECT_FALSE(*letters->find("files:"));
}

TEST_P(TargetLetters, AreDroppedForAll) {
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(target->park(std::vector{parked(id)}));
  const auto letters = *place->letters();
  ASSERT_TRUE(letters->drop(Texts{"b", "none", "d"}));
  ASSERT_TRUE(letters->drop({}));
  ASSERT_TRUE(letters->finish());
  EXPECT_EQ(listed(*letters), records_of({"a", "c"}));
  EXPECT_EQ(place->dead_letters().size(), 2U);
  // What is parked again begins anew.
  ASSERT_TRUE(target->park(std::vector{parked("b")}));
  EXPECT_EQ(read_dead_letter("b", (*letters->find("b"))->bson)->attempts, 1);
}

TEST_P(TargetLetters, CountAttempts) {
  ASSERT_TRUE(target->park(std::vector{parked("a"), parked("b")}));
  const auto letters = *place->letters();
  ASSERT_TRUE(letters->count_attempt("a"));
  ASSERT_TRUE(letters->count_attempt("a"));
  ASSERT_TRUE(letters->count_attempt("none"));
  EXPECT_EQ(read_dead_letter("a", (*letters->find("a"))->bson)->attempts, 3);
  EXPECT_EQ(read_dead_letter("b", (*letters->find("b"))->bson)->attempts, 1);
  EXPECT_EQ(listed(*letters), records_of({"a", "b"}));
}

}  // namespace

}  // namespace dynatlas
