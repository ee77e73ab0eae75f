// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "support/temporary_folder.h"

namespace dynatlas {

namespace {

using testing::HasSubstr;

// A test with a folder of its own.
class FileTest : public testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder + "/" + name; }

  static void put(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

  static std::string text_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::size_t files() const {
    const std::filesystem::directory_iterator all(folder);
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  const TemporaryFolder own_folder;
  const std::string folder = own_folder.path();
};

void write_and_finish(const std::string& path, const std::string& text) {
  Result<ReplacedFile> file = ReplacedFile::begin(path);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->append(text));
  const Result<void> finished = file->finish();
  ASSERT_TRUE(finished) << finished.error().message;
}

TEST_F(FileTest, AppearsWhenItIsFinished) {
  {
    Result<ReplacedFile> file = ReplacedFile::begin(path("a"));
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append("one "));
    ASSERT_TRUE(file->append("two"));
    EXPECT_FALSE(std::filesystem::exists(path("a")));
    ASSERT_TRUE(file->finish());
  }
  EXPECT_EQ(text_of(path("a")), "one two");
  EXPECT_EQ(files(), 1U);
}

TEST_F(FileTest, KeepsTheOldOneUntilThen) {
  put(path("a"), "old");
  Result<ReplacedFile> file = ReplacedFile::begin(path("a"));
  ASSERT_TRUE(file);
  const std::string large(3 << 20, 'x');
  ASSERT_TRUE(file->append(large));
  EXPECT_EQ(text_of(path("a")), "old");
  ASSERT_TRUE(file->finish());
  EXPECT_EQ(text_of(path("a")), large);
}

TEST_F(FileTest, LeavesNothingWhenItIsDropped) {
  put(path("a"), "old");
  {
    Result<ReplacedFile> file = ReplacedFile::begin(path("a"));
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->append("new"));
  }
  EXPECT_EQ(text_of(path("a")), "old");
  EXPECT_EQ(files(), 1U);
}

TEST_F(FileTest, TakesOverWhatARunBeforeLeft) {
  put(path("a") + std::string(ReplacedFile::ending), "a longer text of a run that was killed");
  write_and_finish(path("a"), "new");
  EXPECT_EQ(text_of(path("a")), "new");
  EXPECT_EQ(files(), 1U);
}

TEST_F(FileTest, ReplacesWhatALinkLeadsTo) {
  put(path("real"), "old");
  std::filesystem::create_symlink("real", path("link"));
  write_and_finish(path("link"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(path("link")));
  EXPECT_EQ(text_of(path("real")), "new");
  EXPECT_EQ(files(), 2U);
}

TEST_F(FileTest, WritesToAPipeWithoutReplacingIt) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  std::string received;
  std::thread reader([&] { received = text_of(path("pipe")); });
  write_and_finish(path("pipe"), "text");
  reader.join();
  EXPECT_EQ(received, "text");
  EXPECT_TRUE(std::filesystem::is_fifo(path("pipe")));
  EXPECT_EQ(files(), 1U);
}

TEST_F(FileTest, DoesNotReplaceADevice) {
  std::filesystem::create_symlink("/dev/null", path("null"));
  write_and_finish(path("null"), "text");
  EXPECT_TRUE(std::filesystem::is_symlink(path("null")));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST_F(FileTest, GoesOnBehindWhatAnOpenDescriptorHasWritten) {
  for (const std::string named : {"/dev/fd/", "/proc/self/fd/"}) {
    {
      const Descriptor open(::open(path("out").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
      ASSERT_TRUE(write_all(open.number(), "before ", "out"));
      write_and_finish(named + std::to_string(open.number()), "text");
      ASSERT_TRUE(write_all(open.number(), " behind", "out"));
    }
    EXPECT_EQ(text_of(path("out")), "before text behind");
  }
  EXPECT_FALSE(ReplacedFile::begin("/dev/fd/99999"));
}

TEST_F(FileTest, NamesTheFileThatCannotBeWritten) {
  const Result<ReplacedFile> file = ReplacedFile::begin(path("absent/a"));
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().kind, ErrorKind::fatal);
  EXPECT_THAT(file.error().message, AllOf(HasSubstr(path("absent/a")), HasSubstr("No such file")));
  const Result<ReplacedFile> folder_itself = ReplacedFile::begin(folder);
  ASSERT_FALSE(folder_itself);
  EXPECT_THAT(folder_itself.error().message, HasSubstr("Is a directory"));
}

TEST_F(FileTest, TellsOfAFullDisk) {
  const Descriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  const Result<void> written = write_all(full.number(), "text", "the output");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().kind, ErrorKind::fatal);
  EXPECT_THAT(written.error().message, AllOf(HasSubstr("the output"), HasSubstr("No space left on device")));
}

TEST_F(FileTest, WritesAllToAReaderThatIsSlow) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const Descriptor reading(ends[0]);
  const std::string text(1 << 20, 'x');  // more than a pipe holds
  std::thread writer([&] {
    const Descriptor writing(ends[1]);
    EXPECT_TRUE(write_all(writing.number(), text, "pipe"));
  });
  std::string received;
  std::array<char, 4096> chunk{};
  for (ssize_t got = 0; (got = ::read(reading.number(), chunk.data(), chunk.size())) > 0;)
    received.append(chunk.data(), static_cast<std::size_t>(got));
  writer.join();
  EXPECT_EQ(received, text);
}

TEST_F(FileTest, IsLockedUntilTheLockEnds) {
  const auto taken = [this] {
    const Descriptor other(::open(path("lock").c_str(), O_RDWR | O_CLOEXEC));
    return ::flock(other.number(), LOCK_EX | LOCK_NB) != 0;
  };
  {
    const Result<Descriptor> lock = lock_file(path("lock"));
    ASSERT_TRUE(lock);
    EXPECT_TRUE(taken());
  }
  EXPECT_FALSE(taken());
  EXPECT_FALSE(lock_file(path("absent/lock")));
}

TEST_F(FileTest, IsClosedByItsDescriptorOnce) {
  const int number = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  {
    Descriptor first(number);
    const Descriptor second(std::move(first));
    EXPECT_EQ(second.number(), number);
    EXPECT_NE(::fcntl(number, F_GETFD), -1);
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

}  // namespace

}  // namespace dynatlas
