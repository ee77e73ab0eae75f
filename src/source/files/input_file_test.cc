// SPDX-License-Identifier: Apache-2.0
#include "source/files/input_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <stdexcept>
#include <vector>

#include "support/temporary_folder.h"

namespace dynatlas {

namespace {

using namespace std::string_literals;
using testing::HasSubstr;

std::string gzip(const std::string& text) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::runtime_error("deflate");
  std::string packed(deflateBound(&stream, text.size()) + 64, '\0');
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

std::string zstd(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

// Text that does not shrink to nothing.
std::string long_text() {
  std::string text;
  std::uint32_t state = 1;
  while (text.size() < 1'000'000) {
    state = state * 1664525 + 1013904223;
    text += std::to_string(state) + "\n";
  }
  return text;
}

class InputFileTest : public testing::Test {
 protected:
  void put(const std::string& bytes) const { std::ofstream(path, std::ios::binary) << bytes; }

  // The whole text, read in pieces of `room`; and the error that ended it.
  struct Read {
    std::string text;
    std::string error;
  };
  Read read(std::size_t room) const {
    Result<InputFile> file = InputFile::open(path);
    if (!file) return {"", file.error().message};
    Read found;
    std::vector<char> piece(room);
    for (;;) {
      const Result<std::size_t> got = file->read(piece.data(), room);
      if (!got) {
        EXPECT_EQ(got.error().kind, ErrorKind::fatal);
        found.error = got.error().message;
        return found;
      }
      if (*got == 0) return found;
      found.text.append(piece.data(), *got);
    }
  }

  void expect_text(const std::string& bytes, const std::string& text) const {
    put(bytes);
    for (const std::size_t room : {1U, 3U, 4096U, 1U << 20U}) {
      if (room < 4096 && text.size() > 10'000) continue;
      const Read found = read(room);
      EXPECT_EQ(found.error, "");
      EXPECT_TRUE(found.text == text) << room << ": " << found.text.size() << " bytes for " << text.size();
    }
  }

  const TemporaryFolder folder;
  const std::string path = folder.path() + "/input";
};

TEST_F(InputFileTest, IsReadAsItIs) {
  for (const std::string& text : {""s, "a"s, "ab"s, "abc"s, "abcd"s, "\x1f"s, "\x28\xb5\x2f"s, "\0\0"s, long_text()})
    expect_text(text, text);
}

TEST_F(InputFileTest, IsUnpacked) {
  for (const std::string& text : {""s, "a"s, "hello\n"s, long_text()}) {
    expect_text(gzip(text), text);
    expect_text(zstd(text), text);
  }
}

TEST_F(InputFileTest, MayHoldSeveralMembersOrFrames) {
  const std::string text = long_text();
  expect_text(gzip("one ") + gzip("") + gzip("two"), "one two");
  expect_text(zstd("one ") + zstd("") + zstd("two"), "one two");
  expect_text(gzip(text) + gzip(text), text + text);
  expect_text(zstd(text) + zstd(text), text + text);
}

TEST_F(InputFileTest, TellsWhatIsDamagedAndGivesWhatCameBefore) {
  const std::string text = long_text();
  for (const std::string& packed : {gzip(text), zstd(text)}) {
    put(packed.substr(0, packed.size() / 2));
    const Read half = read(4096);
    EXPECT_THAT(half.error, AllOf(HasSubstr(path), HasSubstr("cut off")));
    EXPECT_GT(half.text.size(), 100'000U);
    EXPECT_TRUE(text.starts_with(half.text));
    put(packed + "rubbish");
    const Read rubbish = read(4096);
    EXPECT_THAT(rubbish.error, HasSubstr("no valid"));
    EXPECT_TRUE(rubbish.text == text);
  }
  put("\x1f\x8b");
  EXPECT_THAT(read(10).error, HasSubstr("cut off"));
}

TEST_F(InputFileTest, KnowsItsNameAndHowFarItIs) {
  put("0123456789");
  Result<InputFile> file = InputFile::open(path);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->name(), path);
  EXPECT_EQ(file->bytes_total(), 10U);
  std::vector<char> piece(100);
  EXPECT_EQ(*file->read(piece.data(), piece.size()), 10U);
  EXPECT_EQ(file->bytes_read(), 10U);
  EXPECT_EQ(*file->read(piece.data(), piece.size()), 0U);
}

TEST_F(InputFileTest, OfAPackedFileCountsTheBytesOnTheDisk) {
  const std::string packed = gzip(long_text());
  put(packed);
  Result<InputFile> file = InputFile::open(path);
  ASSERT_TRUE(file);
  std::vector<char> piece(1 << 20);
  while (*file->read(piece.data(), piece.size()) != 0) {
  }
  EXPECT_EQ(file->bytes_read(), packed.size());
  EXPECT_EQ(file->bytes_total(), packed.size());
}

TEST_F(InputFileTest, ThatCannotBeOpenedIsAMistakeOfTheUsers) {
  for (const Result<void>& checked : {InputFile::check("/nowhere/x"), InputFile::check(testing::TempDir())}) {
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind, ErrorKind::usage);
  }
  EXPECT_THAT(InputFile::check("/nowhere/x").error().message,
              AllOf(HasSubstr("/nowhere/x"), HasSubstr("No such file")));
  EXPECT_TRUE(InputFile::check("-"));
  const Result<InputFile> file = InputFile::open("/nowhere/x");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::usage);
}

}  // namespace

}  // namespace dynatlas
