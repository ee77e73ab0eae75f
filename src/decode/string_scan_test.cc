// SPDX-License-Identifier: Apache-2.0
#include "decode/string_scan.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace dynatlas::json {

namespace {

constexpr std::size_t past_the_stop = 64;  // as the header says: that much may be read and written
constexpr std::size_t lengths = 200;       // some blocks of the widest vectors

const std::string stops("\"\\\0\x01\t\n\x1F", 7);

// Bytes next to those that stop, and of UTF-8.
std::string plain(std::size_t size) {
  static const std::string bytes = " !#[]\x7F\x80\xC3\xFF/0";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += bytes[i * 7 % bytes.size()];
  return text;
}

// Memory that ends as early as the header allows, so that a sanitizer sees what goes further.
std::vector<char> exact(const std::string& content, char stop) {
  std::vector<char> text(content.begin(), content.end());
  text.push_back(stop);
  text.resize(content.size() + past_the_stop, '"');
  return text;
}

using Find = const char* (*)(const char*);
using Copy = const char* (*)(const char*, std::uint8_t*&);

constexpr Find finds[] = {find_string_stop, find_string_stop_far};
constexpr Copy copies[] = {copy_to_string_stop, copy_to_string_stop_far};

TEST(IsStringStop, IsTrueForQuoteBackslashAndControlCharacters) {
  for (int c = 0; c < 256; ++c) EXPECT_EQ(is_string_stop(static_cast<char>(c)), c == '"' || c == '\\' || c < 0x20) << c;
}

TEST(FindStringStop, FindsEachStopAtEveryDistance) {
  for (std::size_t size = 0; size < lengths; ++size) {
    for (const char stop : stops) {
      const std::vector<char> text = exact(plain(size), stop);
      for (const Find find : finds) EXPECT_EQ(find(text.data()) - text.data(), static_cast<std::ptrdiff_t>(size));
    }
  }
}

TEST(FindStringStop, FindsTheFirstOfSeveral) {
  for (std::size_t first = 0; first < 70; ++first) {
    for (std::size_t between = 0; between < 70; between += 3) {
      const std::vector<char> text = exact(plain(first) + '\\' + plain(between), '"');
      for (const Find find : finds) EXPECT_EQ(find(text.data()) - text.data(), static_cast<std::ptrdiff_t>(first));
    }
  }
}

TEST(CopyToStringStop, CopiesWhatItPasses) {
  for (std::size_t size = 0; size < lengths; ++size) {
    for (const char stop : stops) {
      const std::string content = plain(size);
      const std::vector<char> text = exact(content, stop);
      for (const Copy copy : copies) {
        std::vector<std::uint8_t> room(size + past_the_stop);
        std::uint8_t* out = room.data();
        EXPECT_EQ(copy(text.data(), out) - text.data(), static_cast<std::ptrdiff_t>(size));
        EXPECT_EQ(std::string(room.data(), out), content);
      }
    }
  }
}

TEST(CopyToStringStop, CopiesLongStrings) {
  for (const std::size_t size : {65535U, 65536U, 65537U}) {
    const std::string content = plain(size);
    const std::vector<char> text = exact(content, '"');
    for (const Copy copy : copies) {
      std::vector<std::uint8_t> room(size + past_the_stop);
      std::uint8_t* out = room.data();
      EXPECT_EQ(copy(text.data(), out) - text.data(), static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(std::string(room.data(), out), content);
    }
  }
}

}  // namespace

}  // namespace dynatlas::json
