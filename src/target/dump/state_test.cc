// SPDX-License-Identifier: Apache-2.0
#include "target/dump/state.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <thread>

#include "support/temporary_folder.h"

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class StateTest : public testing::Test {
 protected:
  static std::int64_t number(sqlite3* database, const std::string& sql) {
    auto statement = Statement::prepare(database, sql);
    EXPECT_TRUE(statement) << statement.error().message;
    if (!statement) return -1;
    EXPECT_TRUE(statement->step());
    return statement->integer(0);
  }

  static std::string why_not(const Result<OwnedSqlite>& opened) {
    EXPECT_FALSE(opened);
    if (opened) return "";
    EXPECT_EQ(opened.error().kind, ErrorKind::fatal);
    return opened.error().message;
  }

  TemporaryFolder folder;
};

TEST_F(StateTest, SaysItsFormat) {
  const auto state = open_state(folder.path());
  ASSERT_TRUE(state);
  EXPECT_EQ(number(state->get(), "SELECT version FROM format"), state_format);
  EXPECT_EQ(number(state->get(), "SELECT count(*) FROM format"), 1);
}

TEST_F(StateTest, KeepsWhatIsThereWhenItIsOpenedAgain) {
  {
    const auto state = open_state(folder.path());
    ASSERT_TRUE(execute(state->get(), "INSERT INTO dead_letters VALUES ('x', x'00')"));
  }
  const auto state = open_state(folder.path());
  ASSERT_TRUE(state);
  EXPECT_EQ(number(state->get(), "SELECT count(*) FROM dead_letters"), 1);
}

TEST_F(StateTest, UpgradesTheFirstFormatInPlace) {
  {
    const auto state = open_state(folder.path());
    ASSERT_TRUE(execute(state->get(),
                        "ALTER TABLE collections DROP COLUMN key_fields; UPDATE format SET version = 1;"
                        "INSERT INTO collections (database, collection, kind, fingerprint, uuid, changed, exported)"
                        " VALUES ('d', 'c', 'timed', 'f', x'00', 3, 2)"));
  }
  const auto copy = open_state_copy(folder.path());
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(number(copy->get(), "SELECT changed FROM collections WHERE key_fields = ''"), 3);
  const auto state = open_state(folder.path());
  ASSERT_TRUE(state) << state.error().message;
  EXPECT_EQ(number(state->get(), "SELECT version FROM format"), state_format);
  EXPECT_EQ(number(state->get(), "SELECT changed FROM collections WHERE key_fields = ''"), 3);
}

TEST_F(StateTest, RefusesANewerFormat) {
  {
    const auto state = open_state(folder.path());
    ASSERT_TRUE(execute(state->get(), "UPDATE format SET version = 99"));
  }
  EXPECT_THAT(why_not(open_state(folder.path())),
              AllOf(HasSubstr("state.sqlite"), HasSubstr("99"), HasSubstr("newer")));
}

TEST_F(StateTest, NamesTheFileThatIsNoDatabase) {
  folder.write(".dynatlas/state.sqlite", std::string(10000, 'x'));
  EXPECT_THAT(why_not(open_state(folder.path())),
              AllOf(HasSubstr("state.sqlite"), HasSubstr("replay the whole input")));
  EXPECT_THAT(why_not(open_state_copy(folder.path())), HasSubstr("state.sqlite"));
  EXPECT_EQ(folder.read(".dynatlas/state.sqlite"), std::string(10000, 'x'));
}

TEST_F(StateTest, IsMadeByManyAtOnce) {
  std::vector<std::string> errors(8);
  std::vector<std::thread> threads;
  for (std::string& error : errors) {
    threads.emplace_back([this, &error] {
      const auto state = open_state(folder.path());
      if (!state) error = state.error().message;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(errors, testing::Each(""));
  const auto state = open_state(folder.path());
  EXPECT_EQ(number(state->get(), "SELECT count(*) FROM format"), 1);
}

TEST_F(StateTest, IsCopiedWithoutATrace) {
  {
    const auto state = open_state(folder.path());
    ASSERT_TRUE(execute(state->get(), "INSERT INTO dead_letters VALUES ('x', x'00')"));
  }
  const auto before = folder.contents();
  const auto copy = open_state_copy(folder.path());
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(number(copy->get(), "SELECT count(*) FROM dead_letters"), 1);
  ASSERT_TRUE(execute(copy->get(), "DELETE FROM dead_letters"));
  EXPECT_TRUE(folder.contents() == before) << "while the copy is open";
  const auto state = open_state(folder.path());
  EXPECT_EQ(number(state->get(), "SELECT count(*) FROM dead_letters"), 1);
}

TEST_F(StateTest, IsCopiedFromAFolderWithAnyName) {
  const std::string odd = folder.path() + "/a?b#c%41";
  ASSERT_TRUE(execute(open_state(odd)->get(), "INSERT INTO dead_letters VALUES ('x', x'00')"));
  const auto copy = open_state_copy(odd);
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(number(copy->get(), "SELECT count(*) FROM dead_letters"), 1);
}

TEST_F(StateTest, IsCopiedWhileItIsWritten) {
  const auto state = open_state(folder.path());
  ASSERT_TRUE(execute(state->get(), "INSERT INTO dead_letters VALUES ('x', x'00')"));
  const auto copy = open_state_copy(folder.path());
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(number(copy->get(), "SELECT count(*) FROM dead_letters"), 1) << "it stands in the log only";
}

TEST_F(StateTest, IsEmptyInACopyOfNothing) {
  const std::string none = folder.path() + "/none";
  const auto copy = open_state_copy(none);
  ASSERT_TRUE(copy) << copy.error().message;
  EXPECT_EQ(number(copy->get(), "SELECT count(*) FROM documents"), 0);
  EXPECT_FALSE(fs::exists(none));
}

TEST(KeyFields, ComeBackAsTheyWere) {
  for (const std::vector<std::string>& names :
       {std::vector<std::string>{}, {"pk"}, {"h", "r"}, {"a b\n", "%"}, {"고객", "_"}})
    EXPECT_EQ(split_key_fields(join_key_fields(names)), names);
}

}  // namespace

}  // namespace dynatlas
