// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "base/base64_variants.h"

namespace dynatlas {
namespace {

using Decoded = std::optional<std::string>;

// Slow and obvious: bit by bit.
Decoded reference_decode(std::string_view text) {
  const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  std::vector<bool> bits;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string::npos) return std::nullopt;
    for (unsigned bit = 6; bit-- > 0;) bits.push_back((value >> bit & 1) != 0);
  }
  std::string bytes(bits.size() / 8, '\0');
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    if (bits[i]) bytes[i / 8] = static_cast<char>(static_cast<unsigned char>(bytes[i / 8]) | 0x80U >> i % 8);
  }
  return bytes;
}

// Heap buffers of the exact sizes let the address sanitizer see each byte too far.
Decoded decoded_by(const Base64Variant& variant, std::string_view text) {
  const auto input = std::make_unique<char[]>(text.size());
  text.copy(input.get(), text.size());
  const auto output = std::make_unique<std::uint8_t[]>(base64_decoded_room(text.size()));
  const std::size_t size = variant.decode({input.get(), text.size()}, output.get());
  if (size == base64_invalid) return std::nullopt;
  return std::string(output.get(), output.get() + size);
}

std::string encoded(std::string_view bytes) {
  std::string text;
  base64_append(bytes, text);
  return text;
}

std::string random_bytes(std::size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

class Base64 : public testing::TestWithParam<Base64Variant> {};

INSTANTIATE_TEST_SUITE_P(EveryVariant, Base64, testing::ValuesIn(base64_variants().begin(), base64_variants().end()),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST_P(Base64, DecodesTheVectorsOfRfc4648) {
  EXPECT_EQ(decoded_by(GetParam(), ""), "");
  EXPECT_EQ(decoded_by(GetParam(), "Zg=="), "f");
  EXPECT_EQ(decoded_by(GetParam(), "Zm8="), "fo");
  EXPECT_EQ(decoded_by(GetParam(), "Zm9v"), "foo");
  EXPECT_EQ(decoded_by(GetParam(), "Zm9vYg=="), "foob");
  EXPECT_EQ(decoded_by(GetParam(), "Zm9vYmE="), "fooba");
  EXPECT_EQ(decoded_by(GetParam(), "Zm9vYmFy"), "foobar");
}

TEST_P(Base64, RefusesWrongLengthsAndPadding) {
  for (const char* text : {"Z",    "Zg",   "Zm8",  "Zg=",      "Zg===", "=",        "==",   "===",    "====", "Z===",
                           "=Zg=", "Z=g=", "Zg=a", "Zg==Zg==", "Zm9v=", "Zm9v====", "Zm9 ", "Zm9v\n", "Zm9-", "Zm9_"}) {
    EXPECT_EQ(decoded_by(GetParam(), text), std::nullopt) << text;
  }
}

TEST_P(Base64, DoesNotJudgeUnusedBits) {
  EXPECT_EQ(decoded_by(GetParam(), "Zh=="), "f");
  EXPECT_EQ(decoded_by(GetParam(), "Zm9="), "fo");
}

TEST_P(Base64, ReadsBackEveryLength) {
  std::mt19937 random(1);
  for (std::size_t size = 0; size < 700; ++size) {
    const std::string bytes = random_bytes(size, random);
    ASSERT_EQ(decoded_by(GetParam(), encoded(bytes)), bytes) << size;
  }
  const std::string large = random_bytes(400'000, random);
  EXPECT_EQ(decoded_by(GetParam(), encoded(large)), large);
}

TEST_P(Base64, JudgesEveryCharacterAtEveryPosition) {
  std::mt19937 random(2);
  for (const std::size_t size : {1U, 2U, 3U, 11U, 12U, 14U, 22U, 24U, 25U, 37U, 48U, 49U}) {
    std::string text = encoded(random_bytes(size, random));
    for (char& place : text) {
      const char kept = place;
      for (int c = 0; c < 256; ++c) {
        place = static_cast<char>(c);
        ASSERT_EQ(decoded_by(GetParam(), text), reference_decode(text)) << text;
      }
      place = kept;
    }
  }
}

TEST_P(Base64, RefusesTextsCutShort) {
  std::mt19937 random(3);
  const std::string text = encoded(random_bytes(200, random));
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string_view cut = std::string_view(text).substr(0, size);
    ASSERT_EQ(decoded_by(GetParam(), cut), reference_decode(cut)) << cut;
  }
}

TEST_P(Base64, FindsOneForeignCharacterInALongText) {
  std::mt19937 random(4);
  std::string text = encoded(random_bytes(1500, random));
  for (char& place : text) {
    const char kept = place;
    place = "=-_ \n\x80\xff\x00"[random() % 8];
    ASSERT_EQ(decoded_by(GetParam(), text), reference_decode(text));
    place = kept;
  }
}

RC_GTEST_PROP(Base64Decode, AgreesWithTheReference, (const std::string& bytes)) {
  std::string text = encoded(bytes);
  const auto changes = *rc::gen::inRange(0, 3);
  for (int i = 0; i < changes && !text.empty(); ++i) {
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
  }
  for (const Base64Variant& variant : base64_variants()) RC_ASSERT(decoded_by(variant, text) == reference_decode(text));
}

TEST(Base64Decode, IsTheBestVariant) {
  EXPECT_EQ(decoded_by({"best", base64_decode}, "Zm9vYmFy"), "foobar");
  EXPECT_EQ(decoded_by({"best", base64_decode}, "Zm9vYmF"), std::nullopt);
}

TEST(Base64Append, WritesTheVectorsOfRfc4648AfterWhatIsThere) {
  std::string text = "data:";
  base64_append("foob", text);
  EXPECT_EQ(text, "data:Zm9vYg==");
  base64_append("", text);
  EXPECT_EQ(text, "data:Zm9vYg==");
  EXPECT_EQ(encoded("fo"), "Zm8=");
  EXPECT_EQ(encoded("foo"), "Zm9v");
  EXPECT_EQ(encoded(std::string("\xfb\xff\xbf\0", 4)), "+/+/AA==");
}

}  // namespace
}  // namespace dynatlas
