// SPDX-License-Identifier: Apache-2.0
#include "target/dump/dump_target.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <filesystem>
#include <sstream>

#include "support/target_contract.h"
#include "support/temporary_folder.h"
#include "target/dump/dump_files.h"
#include "target/dump/state.h"

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> documents_in(std::string_view bytes) {
  std::vector<std::string> documents;
  while (bytes.size() >= 4) {
    const auto length = load_little_endian<std::uint32_t>(bytes);
    documents.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(documents.back().size());
  }
  return documents;
}

class DumpPlace : public TargetPlace {
 public:
  Result<std::unique_ptr<Target>> open() override {
    auto opened = DumpTarget::open(folder_.path(), DumpTarget::Mode::apply);
    if (!opened) return std::move(opened).error();
    return std::unique_ptr<Target>(*std::move(opened));
  }

  std::vector<std::string> documents(const Destination& destination) override {
    return documents_in(folder_.read(file_of(destination)));
  }

  std::vector<std::string> dead_letters() override {
    std::vector<std::string> letters;
    std::istringstream lines(folder_.read(".dynatlas/dead_letters.ndjson"));
    for (std::string line; std::getline(lines, line);) letters.push_back(bson_of(line));
    return letters;
  }

  Result<std::unique_ptr<DeadLetters>> letters() override {
    ASSIGN_OR_RETURN(std::unique_ptr<DumpTarget> opened, DumpTarget::open(folder_.path(), DumpTarget::Mode::apply));
    opened_.push_back(std::move(opened));
    return opened_.back()->letters();
  }

  void put(const Destination& destination, const std::vector<std::string>& documents) override {
    std::string bytes;
    for (const std::string& document : documents) bytes += document;
    folder_.write(file_of(destination), bytes);
  }

 private:
  static std::string file_of(const Destination& destination) {
    return destination.database + "/" + dump_file_name(destination.collection) + ".bson";
  }

  TemporaryFolder folder_;
  std::vector<std::unique_ptr<DumpTarget>> opened_;  // that letters refer to
};

std::unique_ptr<TargetPlace> make_dump_place() { return std::make_unique<DumpPlace>(); }

INSTANTIATE_TARGET_CONTRACT(Dump, make_dump_place);

// --- what only a folder has

class DumpTargetTest : public testing::Test {
 protected:
  DumpTargetTest() { rules.items.names.metadata = "_dynatlas"; }

  std::unique_ptr<DumpTarget> open(DumpTarget::Mode mode = DumpTarget::Mode::apply) {
    auto opened = DumpTarget::open(folder.path(), mode);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }

  std::string why_not_opened(DumpTarget::Mode mode = DumpTarget::Mode::apply) {
    const auto opened = DumpTarget::open(folder.path(), mode);
    EXPECT_FALSE(opened);
    if (opened) return "";
    EXPECT_EQ(opened.error().kind, ErrorKind::fatal);
    return opened.error().message;
  }

  Change upsert(const std::string& key, std::int64_t t) const {
    Change change;
    change.destination = &destination;
    change.key = key_of(key);
    change.version = kinesis(t);
    change.kind = "timed";
    change.document =
        bson_of(fmt::format(R"({{"_id":{},"_dynatlas":{{"t":{{"$numberLong":"{}"}},"s":"k0011"}}}})", key, t));
    return change;
  }

  static void apply(Target& target, const std::vector<Change>& changes) {
    const auto applied = target.apply(changes);
    ASSERT_TRUE(applied) << applied.error().message;
  }

  // Changes the working state behind the program's back.
  void in_state(const char* sql) {
    const auto database = open_state(folder.path());
    ASSERT_TRUE(database) << database.error().message;
    ASSERT_TRUE(execute(database->get(), sql));
  }

  std::string read(const std::string& file) const { return folder.read(file); }

  TemporaryFolder folder;
  TableRules rules;
  Destination destination{"shop", "customers", &rules};
};

TEST_F(DumpTargetTest, MakesTheFolderWithItsParents) {
  const fs::path inner = fs::path(folder.path()) / "a" / "b";
  ASSERT_TRUE(DumpTarget::open(inner.string(), DumpTarget::Mode::apply));
  EXPECT_TRUE(fs::exists(inner / ".dynatlas" / "state.sqlite"));
}

TEST_F(DumpTargetTest, ShowsNothingBeforeItIsDrained) {
  const auto target = open();
  apply(*target, {upsert(R"("a")", 1)});
  EXPECT_FALSE(fs::exists(fs::path(folder.path()) / "shop"));
  ASSERT_TRUE(target->drain());
  EXPECT_EQ(read("shop/customers.bson"), upsert(R"("a")", 1).document);
}

TEST_F(DumpTargetTest, DrainsOnlyWhatChanged) {
  const auto target = open();
  apply(*target, {upsert(R"("a")", 5)});
  ASSERT_TRUE(target->drain());
  folder.write("shop/customers.bson", "a mark");
  apply(*target, {upsert(R"("a")", 4)});
  ASSERT_TRUE(target->drain());
  EXPECT_EQ(read("shop/customers.bson"), "a mark") << "a stale change is none";
  apply(*target, {upsert(R"("a")", 6)});
  ASSERT_TRUE(target->drain());
  EXPECT_EQ(read("shop/customers.bson"), upsert(R"("a")", 6).document);
}

TEST_F(DumpTargetTest, WritesWhatAKilledProcessAppliedAndDidNotDrain) {
  apply(*open(), {upsert(R"("a")", 5)});
  ASSERT_TRUE(open()->drain());
  EXPECT_EQ(read("shop/customers.bson"), upsert(R"("a")", 5).document);
}

TEST_F(DumpTargetTest, SweepsWhatAKilledExportLeft) {
  folder.write("shop/customers.bson.dynatlas-new", "half");
  folder.write(".dynatlas/dead_letters.ndjson.dynatlas-new", "half");
  const auto target = open();
  apply(*target, {upsert(R"("a")", 5)});
  ASSERT_TRUE(target->drain());
  EXPECT_THAT(folder.files("shop"), ElementsAre("shop/customers.bson", "shop/customers.metadata.json"));
  EXPECT_FALSE(fs::exists(fs::path(folder.path()) / ".dynatlas/dead_letters.ndjson.dynatlas-new"));
}

TEST_F(DumpTargetTest, NamesTheFileThatIsNoDump) {
  folder.write("shop/customers.bson", "this is no BSON at all");
  const auto target = open();
  const auto applied = target->apply(std::vector{upsert(R"("a")", 1)});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().kind, ErrorKind::fatal);
  EXPECT_THAT(applied.error().message, HasSubstr("shop/customers.bson"));
  EXPECT_EQ(read("shop/customers.bson"), "this is no BSON at all");
}

TEST_F(DumpTargetTest, NamesTheFileThatEndsInADocument) {
  const std::string document = bson_of(R"({"_id":"a","v":"long enough"})");
  folder.write("shop/customers.bson", document + document.substr(0, document.size() - 3));
  const auto applied = open()->apply(std::vector{upsert(R"("a")", 1)});
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, AllOf(HasSubstr("shop/customers.bson"), HasSubstr("inside a document")));
}

// With `id: objectid`, what was written without a unique index may hold one key twice; neither is to be lost.
TEST_F(DumpTargetTest, RefusesADumpWithTwoDocumentsOfOneKey) {
  rules.id = IdForm::objectid;
  const std::string twice = bson_of(R"({"_id":1,"pk":"a"})") + bson_of(R"({"_id":2,"pk":"b"})") +
                            bson_of(R"({"_id":3,"pk":"a","newer":true})");
  folder.write("shop/customers.bson", twice);
  const auto applied = open()->apply(std::vector{upsert(R"({"pk":"c"})", 1)});
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().kind, ErrorKind::fatal);
  EXPECT_THAT(applied.error().message, AllOf(HasSubstr("shop/customers.bson"), HasSubstr("one key")));
  ASSERT_TRUE(open()->drain());
  EXPECT_EQ(read("shop/customers.bson"), twice);
}

TEST_F(DumpTargetTest, RefusesADumpWithoutTheKeyAttributes) {
  rules.id = IdForm::objectid;
  folder.write("shop/customers.bson", bson_of(R"({"_id":1,"other":"a"})"));
  const auto applied = open()->apply(std::vector{upsert(R"({"pk":"c"})", 1)});
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error().message, AllOf(HasSubstr("shop/customers.bson"), HasSubstr("`pk`")));
}

TEST_F(DumpTargetTest, RefusesTheStateOfANewerProgram) {
  open().reset();
  in_state("UPDATE format SET version = version + 1");
  EXPECT_THAT(why_not_opened(), AllOf(HasSubstr("state.sqlite"), HasSubstr("newer")));
  EXPECT_THAT(why_not_opened(DumpTarget::Mode::dry_run), HasSubstr("newer"));
}

TEST_F(DumpTargetTest, NamesTheStateThatIsDamaged) {
  folder.write(".dynatlas/state.sqlite", std::string(8192, 'x'));
  EXPECT_THAT(why_not_opened(), HasSubstr("state.sqlite"));
}

TEST_F(DumpTargetTest, SaysThatAFileIsInItsPlace) {
  folder.write("file", "");
  const auto opened = DumpTarget::open(folder.path() + "/file", DumpTarget::Mode::apply);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().kind, ErrorKind::fatal);
  EXPECT_THAT(opened.error().message, HasSubstr(folder.path() + "/file"));
}

TEST_F(DumpTargetTest, KeepsATombstoneForThirtyDaysAndNotForEver) {
  const auto target = open();
  Change removal = upsert(R"("a")", 5);
  removal.operation = Record::Operation::remove;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t began = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  apply(*target, {removal});
  constexpr std::int64_t days = 24LL * 3600 * 1000;
  in_state(fmt::format("CREATE TABLE checked (expires INTEGER CHECK (expires BETWEEN {} AND {}));"
                       "INSERT INTO checked SELECT expire_at FROM tombstones; DROP TABLE checked",
                       began + 30 * days, began + 31 * days)
               .c_str());
  ASSERT_TRUE(target->drain());
  apply(*target, {upsert(R"("a")", 4)});
  ASSERT_TRUE(target->drain());
  EXPECT_EQ(read("shop/customers.bson"), "") << "it is not old enough";
  in_state("UPDATE tombstones SET expire_at = 1");
  ASSERT_TRUE(target->drain());
  apply(*target, {upsert(R"("a")", 4)});
  ASSERT_TRUE(target->drain());
  EXPECT_EQ(read("shop/customers.bson"), upsert(R"("a")", 4).document);
}

// --- dry runs

TEST_F(DumpTargetTest, MakesNoFolderInADryRun) {
  const fs::path inner = fs::path(folder.path()) / "none";
  const auto target = DumpTarget::open(inner.string(), DumpTarget::Mode::dry_run);
  ASSERT_TRUE(target);
  const auto applied = (*target)->apply(std::vector{upsert(R"("a")", 1)});
  ASSERT_TRUE(applied);
  EXPECT_EQ(applied->upserted, 1U);
  ASSERT_TRUE((*target)->drain());
  EXPECT_FALSE(fs::exists(inner));
}

TEST_F(DumpTargetTest, CountsInADryRunByWhatIsThere) {
  {
    const auto target = open();
    apply(*target, {upsert(R"("a")", 5)});
    ASSERT_TRUE(target->drain());
  }
  const auto before = folder.contents();
  const auto dry = open(DumpTarget::Mode::dry_run);
  const auto applied = dry->apply(std::vector{upsert(R"("a")", 4), upsert(R"("b")", 4)});
  ASSERT_TRUE(applied);
  EXPECT_EQ(shown(*applied), "upserted 1, removed 0, stale 1, coalesced 0");
  ASSERT_TRUE(dry->drain());
  EXPECT_TRUE(folder.contents() == before);
}

// A process that was killed leaves its last batches in the write-ahead log.
TEST_F(DumpTargetTest, LeavesTheLogOfAKilledProcessAloneInADryRun) {
  TemporaryFolder killed;
  {
    const auto target = open();
    apply(*target, {upsert(R"("a")", 5)});
    fs::copy(folder.path(), killed.path(), fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  }
  ASSERT_GT(killed.read(".dynatlas/state.sqlite-wal").size(), 0U);
  const auto data = [&killed] {
    auto contents = killed.contents();
    contents.erase(".dynatlas/state.sqlite-shm");  // an index that every reader makes anew
    return contents;
  };
  const auto before = data();
  {
    const auto dry = DumpTarget::open(killed.path(), DumpTarget::Mode::dry_run);
    ASSERT_TRUE(dry) << dry.error().message;
    const auto applied = (*dry)->apply(std::vector{upsert(R"("a")", 5)});
    ASSERT_TRUE(applied);
    EXPECT_EQ(applied->stale, 1U) << "what stands in the log counts";
  }
  EXPECT_TRUE(data() == before);
}

TEST_F(DumpTargetTest, TakesADumpInForADryRun) {
  folder.write("shop/customers.bson", bson_of(R"({"_id":"a","_dynatlas":{"t":{"$numberLong":"9"},"s":""}})"));
  const auto before = folder.contents();
  const auto applied = open(DumpTarget::Mode::dry_run)->apply(std::vector{upsert(R"("a")", 4), upsert(R"("b")", 4)});
  ASSERT_TRUE(applied);
  EXPECT_EQ(shown(*applied), "upserted 1, removed 0, stale 1, coalesced 0");
  EXPECT_TRUE(folder.contents() == before);
}

}  // namespace

}  // namespace dynatlas
