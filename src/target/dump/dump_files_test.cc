// SPDX-License-Identifier: Apache-2.0
#include "target/dump/dump_files.h"

#include <gmock/gmock.h>
#include <zlib.h>

#include "support/target_contract.h"
#include "support/temporary_folder.h"

namespace dynatlas {

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DumpFileName, KeepsWhatAPathMayHold) {
  EXPECT_EQ(dump_file_name("customers"), "customers");
  EXPECT_EQ(dump_file_name("a.b-c_d~E1"), "a.b-c_d~E1");
  EXPECT_EQ(dump_file_name("a$b&c+d:e=f@g"), "a$b&c+d:e=f@g");
}

TEST(DumpFileName, EscapesTheRest) {
  EXPECT_EQ(dump_file_name("a b"), "a%20b");
  EXPECT_EQ(dump_file_name("a/b;c,d?e"), "a%2Fb%3Bc%2Cd%3Fe");
  EXPECT_EQ(dump_file_name("50%#\"<>"), "50%25%23%22%3C%3E");
  EXPECT_EQ(dump_file_name("고객"), "%EA%B3%A0%EA%B0%9D");
  EXPECT_EQ(dump_file_name("../x"), "..%2Fx");
}

// The hashes are those of Go's sha1 and base64.RawURLEncoding.
TEST(DumpFileName, CutsLongNames) {
  EXPECT_EQ(dump_file_name(std::string(238, 'l')), std::string(238, 'l'));
  EXPECT_EQ(dump_file_name(std::string(255, 'l')), std::string(208, 'l') + "%24n9Bt9lhkn3licFuyikoXCMhczcM");
  std::string korean;
  for (int i = 0; i < 30; ++i) korean += "한";
  const std::string name = dump_file_name(korean);
  EXPECT_EQ(name.size(), 238U);
  EXPECT_THAT(name, testing::EndsWith("%9C%%24v6_jzk0TQuYpxDyUtvFyC5FAdQw"))
      << "cut inside an escape, as mongodump does";
}

class ReadDumpFile : public testing::Test {
 protected:
  // The documents of shop.customers, or why they cannot be read.
  std::vector<std::string> read() {
    std::vector<std::string> found;
    const auto done = read_dump_file(folder.path(), "shop", "customers", [&found](std::string_view document) {
      found.push_back(json_of(document));
      return Result<void>{};
    });
    if (!done) found.push_back("error: " + done.error().message);
    return found;
  }

  TemporaryFolder folder;
  const std::string one = bson_of(R"({"_id":1})");
  const std::string two = bson_of(R"({"_id":2,"a":"b"})");
};

TEST_F(ReadDumpFile, FindsNothingWhereThereIsNoFile) { EXPECT_THAT(read(), IsEmpty()); }

TEST_F(ReadDumpFile, FindsNothingInAnEmptyFile) {
  folder.write("shop/customers.bson", "");
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(ReadDumpFile, TakesDocumentsBackToBack) {
  folder.write("shop/customers.bson", one + two);
  EXPECT_THAT(read(), ElementsAre(R"({"_id":1})", R"({"_id":2,"a":"b"})"));
}

TEST_F(ReadDumpFile, TakesACompressedFile) {
  folder.write("shop/customers.bson.gz", "");
  gzFile file = gzopen((folder.path() + "/shop/customers.bson.gz").c_str(), "wb");
  gzwrite(file, two.data(), static_cast<unsigned>(two.size()));
  gzclose(file);
  EXPECT_THAT(read(), ElementsAre(R"({"_id":2,"a":"b"})"));
}

TEST_F(ReadDumpFile, PassesOnWhatItsTakerSays) {
  folder.write("shop/customers.bson", one);
  const auto done = read_dump_file(folder.path(), "shop", "customers",
                                   [](std::string_view) -> Result<void> { return poison("is strange"); });
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().kind, ErrorKind::fatal);
  EXPECT_THAT(done.error().message, AllOf(HasSubstr("customers.bson"), HasSubstr("is strange")));
}

TEST_F(ReadDumpFile, RefusesAFileThatIsCutOff) {
  folder.write("shop/customers.bson", one + two.substr(0, 7));
  EXPECT_THAT(read(), ElementsAre(R"({"_id":1})", HasSubstr("ends inside a document")));
  folder.write("shop/customers.bson", one + two.substr(0, 3));
  EXPECT_THAT(read(), ElementsAre(R"({"_id":1})", HasSubstr("ends inside a document")));
}

TEST_F(ReadDumpFile, RefusesImpossibleLengths) {
  for (const std::string& length :
       {std::string("\4\0\0\0", 4), std::string("\xFF\xFF\xFF\xFF"), std::string("\0\0\0\x7F", 4)}) {
    folder.write("shop/customers.bson", length + std::string(100, '\0'));
    EXPECT_THAT(read(), ElementsAre(HasSubstr("is no file of BSON documents")));
  }
}

}  // namespace

}  // namespace dynatlas
