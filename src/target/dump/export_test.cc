// SPDX-License-Identifier: Apache-2.0
#include "target/dump/export.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <regex>

#include "support/target_contract.h"
#include "support/temporary_folder.h"
#include "target/dump/dump_target.h"

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

using testing::ElementsAre;
using testing::HasSubstr;

class ExportTest : public testing::Test {
 protected:
  // Applies one upsert and exports.
  void write(const Destination& to, std::string_view key, std::string_view document) {
    auto target = DumpTarget::open(folder.path(), DumpTarget::Mode::apply);
    ASSERT_TRUE(target) << target.error().message;
    Change change;
    change.destination = &to;
    change.key = key_of(key);
    change.version = kinesis(++time);
    change.kind = "timed";
    change.document = bson_of(document);
    ASSERT_TRUE((*target)->apply(std::vector{change}));
    const auto drained = (*target)->drain();
    ASSERT_TRUE(drained) << drained.error().message;
  }

  std::string metadata(const std::string& name = "shop/customers") const {
    return folder.read(name + ".metadata.json");
  }

  TemporaryFolder folder;
  TableRules rules;
  Destination destination{"shop", "customers", &rules};
  std::int64_t time = 0;
};

std::string without_uuid(const std::string& metadata) {
  return std::regex_replace(metadata, std::regex(R"("uuid":"[0-9a-f]{32}")"), R"("uuid":"")");
}

TEST_F(ExportTest, WritesMetadataAsMongodumpDoes) {
  write(destination, "1", R"({"_id":1})");
  EXPECT_EQ(without_uuid(metadata()),
            R"({"options":{},"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"}],)"
            R"("uuid":"","collectionName":"customers","type":"collection"})");
}

TEST_F(ExportTest, KeepsTheCollectionsUuid) {
  write(destination, "1", R"({"_id":1})");
  const std::string first = metadata();
  write(destination, "2", R"({"_id":2})");
  EXPECT_EQ(metadata(), first);
}

TEST_F(ExportTest, TellsTheNameOfACollectionWhoseFileIsCalledOtherwise) {
  destination.collection = "my \"coll\"";
  write(destination, "1", R"({"_id":1})");
  EXPECT_THAT(metadata("shop/my%20%22coll%22"), HasSubstr(R"("collectionName":"my \"coll\"")"));
}

TEST_F(ExportTest, HasAUniqueIndexOnTheKeyWithObjectIds) {
  rules.id = IdForm::objectid;
  write(destination, R"({"customerId":"a","orderNo":1})", R"({"customerId":"a","orderNo":1})");
  EXPECT_EQ(without_uuid(metadata()),
            R"({"options":{},"indexes":[{"v":{"$numberInt":"2"},"key":{"_id":{"$numberInt":"1"}},"name":"_id_"},)"
            R"({"v":{"$numberInt":"2"},"key":{"customerId":{"$numberInt":"1"},"orderNo":{"$numberInt":"1"}},)"
            R"("name":"customerId_1_orderNo_1","unique":true}],)"
            R"("uuid":"","collectionName":"customers","type":"collection"})");
}

TEST_F(ExportTest, HasNoSuchIndexWithCompositeKeys) {
  write(destination, R"({"h":"a","r":1})", R"({"_id":{"h":"a","r":1},"h":"a","r":1})");
  EXPECT_THAT(metadata(), testing::Not(HasSubstr("unique")));
}

TEST_F(ExportTest, KeepsTheMetadataOfACollectionThatWasTakenIn) {
  const std::string theirs = R"({"options":{"capped":true},"indexes":[],"uuid":"00","collectionName":"customers"})";
  folder.write("shop/customers.metadata.json", theirs);
  folder.write("shop/customers.bson", bson_of(R"({"_id":1,"old":1})"));
  write(destination, "2", R"({"_id":2})");
  EXPECT_EQ(metadata(), theirs);
  EXPECT_EQ(folder.read("shop/customers.bson"), bson_of(R"({"_id":1,"old":1})") + bson_of(R"({"_id":2})"));
}

TEST_F(ExportTest, OrdersDocumentsByTheBytesOfTheirKeys) {
  write(destination, R"("b")", R"({"_id":"b"})");
  write(destination, R"("a")", R"({"_id":"a"})");
  EXPECT_EQ(folder.read("shop/customers.bson"), bson_of(R"({"_id":"a"})") + bson_of(R"({"_id":"b"})"));
}

TEST_F(ExportTest, WritesEachCollectionToItsFile) {
  const Destination orders{"shop", "orders", &rules};
  const Destination archive{"archive", "orders", &rules};
  write(destination, "1", R"({"_id":1})");
  write(orders, "2", R"({"_id":2})");
  write(archive, "3", R"({"_id":3})");
  EXPECT_EQ(folder.read("shop/customers.bson"), bson_of(R"({"_id":1})"));
  EXPECT_EQ(folder.read("shop/orders.bson"), bson_of(R"({"_id":2})"));
  EXPECT_EQ(folder.read("archive/orders.bson"), bson_of(R"({"_id":3})"));
}

TEST_F(ExportTest, ReplacesACompressedDump) {
  folder.write("shop/customers.bson.gz", bson_of(R"({"_id":1})"));  // plain is told by its first bytes, too
  folder.write("shop/customers.metadata.json.gz", "{}");
  write(destination, "2", R"({"_id":2})");
  EXPECT_THAT(folder.files("shop"), ElementsAre("shop/customers.bson", "shop/customers.metadata.json"));
  EXPECT_EQ(folder.read("shop/customers.bson"), bson_of(R"({"_id":1})") + bson_of(R"({"_id":2})"));
  EXPECT_EQ(metadata(), "{}");
}

TEST_F(ExportTest, LeavesFilesOfOthersAlone) {
  folder.write("shop/notes.txt", "mine");
  folder.write("other/customers.bson", "mine");
  write(destination, "1", R"({"_id":1})");
  EXPECT_EQ(folder.read("shop/notes.txt"), "mine");
  EXPECT_EQ(folder.read("other/customers.bson"), "mine");
}

TEST_F(ExportTest, WritesDeadLettersOnlyWhereThereAreSome) {
  write(destination, "1", R"({"_id":1})");
  const fs::path letters = fs::path(folder.path()) / ".dynatlas/dead_letters.ndjson";
  EXPECT_FALSE(fs::exists(letters));
  auto target = DumpTarget::open(folder.path(), DumpTarget::Mode::apply);
  ASSERT_TRUE(target);
  ParkedRecord record;
  record.id = "files:00";
  ASSERT_TRUE((*target)->park(std::vector{record}));
  ASSERT_TRUE((*target)->drain());
  const std::string text = folder.read(".dynatlas/dead_letters.ndjson");
  EXPECT_THAT(text, testing::StartsWith(R"({"_id":"files:00","format":{"$numberInt":"1"},)"));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

}  // namespace

}  // namespace dynatlas
