// SPDX-License-Identifier: Apache-2.0
#include "change/bson.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

namespace dynatlas {

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

// The names of the elements, and whether reading them met damage.
struct Names {
  std::vector<std::string> names;
  bool damaged = false;
  friend bool operator==(const Names&, const Names&) = default;
};

Names names_in(std::string_view elements) {
  BsonReader reader(elements);
  BsonElement element;
  Names found;
  while (reader.next(element)) found.names.emplace_back(element.name);
  found.damaged = reader.damaged();
  return found;
}

// bsonspec.org: {"hello": "world"}
const std::string hello_world = "\x16\0\0\0\x02hello\0\x06\0\0\0world\0\0"s;

TEST(Bson, IsWrittenAsTheSpecificationShows) {
  Buffer out;
  OpenDocument document(out);
  append_string_element(out, "hello", "world");
  document.close();
  EXPECT_EQ(out.view(), hello_world);
}

// bsonspec.org: {"BSON": ["awesome", 5.05, 1986]}
TEST(Bson, NestsDocuments) {
  const std::string expected =
      "\x31\0\0\0\x04"
      "BSON\0\x26\0\0\0\x02\x30\0\x08\0\0\0awesome\0\x01\x31\0\x33\x33\x33\x33\x33\x33\x14\x40\x10\x32\0\xc2\x07\0\0\0\0"s;
  Buffer out;
  OpenDocument document(out);
  begin_element(out, BsonType::array, "BSON");
  OpenDocument array(out);
  append_string_element(out, "0", "awesome");
  append_element(out, BsonType::real, "1", "\x33\x33\x33\x33\x33\x33\x14\x40"s);
  append_element(out, BsonType::int32, "2", "\xc2\x07\0\0"s);
  array.close();
  document.close();
  EXPECT_EQ(out.view(), expected);
}

TEST(Bson, BeginsADocumentBehindWhatIsThere) {
  Buffer out;
  out.append("before");
  OpenDocument document(out);
  document.close();
  EXPECT_EQ(out.view(), "before\x05\0\0\0\0"s);
}

TEST(BsonReader, ReadsNameTypeAndValue) {
  BsonReader reader(elements_of(hello_world));
  BsonElement element;
  ASSERT_TRUE(reader.next(element));
  EXPECT_EQ(element.type, BsonType::string);
  EXPECT_EQ(element.name, "hello");
  EXPECT_EQ(string_text(element.value), "world");
  EXPECT_FALSE(reader.next(element));
  EXPECT_FALSE(reader.damaged());
}

TEST(BsonReader, PassesOverTypesThatOnlyOthersWrite) {
  const std::vector<std::string> values = {
      "\x06"s + "u\0"s,                                      // undefined
      "\x0B"s + "r\0^a\0im\0"s,                              // regular expression
      "\x0B"s + "r\0\0\0"s,                                  // an empty one
      "\x0C"s + "p\0\x02\0\0\0a\0"s + std::string(12, 'o'),  // DBPointer
      "\x0D"s + "c\0\x03\0\0\0{}\0"s,                        // code
      "\x0E"s + "s\0\x01\0\0\0\0"s,                          // symbol
      "\x0F"s + "w\0\x0F\0\0\0\x02\0\0\0a\0\x05\0\0\0\0"s,   // code with scope
      "\x11"s + "t\0"s + std::string(8, '\1'),               // timestamp
      "\x7F"s + "M\0"s,                                      // MaxKey
      "\xFF"s + "m\0"s,                                      // MinKey
  };
  for (const std::string& value : values) {
    const Names expected{{std::string(1, value[1]), "z"}, false};
    EXPECT_EQ(names_in(value + "\x0Az\0"s), expected) << value[1];
  }
}

TEST(BsonReader, StopsAtWhatIsDamaged) {
  const std::vector<std::string> damaged = {
      "\x02"s + "a"s,                            // a name without end
      "\x02"s + "a\0\x06\0\0"s,                  // a length cut off
      "\x02"s + "a\0\x06\0\0\0world"s,           // a text cut off
      "\x02"s + "a\0\x05\0\0\0worldx"s,          // a text without its NUL
      "\x02"s + "a\0\0\0\0\0\0"s,                // a text without room for its NUL
      "\x02"s + "a\0\xFF\xFF\xFF\xFFxxxxx"s,     // a negative length
      "\x03"s + "a\0\x04\0\0\0"s,                // a document without room for its NUL
      "\x03"s + "a\0\0\0\0\0"s,                  // a document of no bytes
      "\x03"s + "a\0\x05\0\0\0\1"s,              // a document without its NUL
      "\x05"s + "a\0\xFF\xFF\xFF\x7F\0"s,        // a binary longer than the rest
      "\x0B"s + "a\0x\0y"s,                      // a regular expression without its end
      "\x10"s + "a\0\1\0\0"s,                    // four bytes, cut off
      "\x13"s + "a\0"s + std::string(15, '\0'),  // sixteen bytes, cut off
      "\x14"s + "a\0"s,                          // no type
      "\0"s,
  };
  for (const std::string& bytes : damaged) {
    EXPECT_TRUE(names_in(bytes).damaged) << bytes;
    EXPECT_TRUE(names_in(bytes).names.empty()) << bytes;
    const Names behind = names_in("\x0Ag\0"s + bytes);
    EXPECT_EQ(behind, (Names{{"g"}, true})) << bytes;
  }
}

TEST(BsonReader, StaysDamaged) {
  BsonReader reader("\x14"sv);
  BsonElement element;
  EXPECT_FALSE(reader.next(element));
  EXPECT_FALSE(reader.next(element));
  EXPECT_TRUE(reader.damaged());
}

TEST(BsonReader, TakesElementsOnlyFromADocumentAsLongAsItSays) {
  EXPECT_EQ(elements_of("\x05\0\0\0\0"s), "");
  EXPECT_EQ(elements_of(hello_world), std::string_view(hello_world).substr(4, hello_world.size() - 5));
  EXPECT_EQ(elements_of(hello_world + "x"), "");
  EXPECT_EQ(elements_of(std::string_view(hello_world).substr(0, hello_world.size() - 1)), "");
  EXPECT_EQ(elements_of(""), "");
  EXPECT_EQ(elements_of("\x04\0\0\0"s), "");
}

RC_GTEST_PROP(BsonReader, ReadsWhatWasWritten, (const std::vector<std::string>& texts)) {
  Buffer out;
  for (std::size_t i = 0; i < texts.size(); ++i) append_string_element(out, std::to_string(i), texts[i]);
  BsonReader reader(out.view());
  BsonElement element;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    RC_ASSERT(reader.next(element));
    RC_ASSERT(element.type == BsonType::string);
    RC_ASSERT(element.name == std::to_string(i));
    RC_ASSERT(string_text(element.value) == texts[i]);
  }
  RC_ASSERT(!reader.next(element));
  RC_ASSERT(!reader.damaged());
}

// Whatever the bytes are, what is found lies inside of them, in order.
RC_GTEST_PROP(BsonReader, NeverReadsBeyondItsBytes, ()) {
  const auto byte =
      rc::gen::element('\0', '\1', '\2', '\3', '\4', '\5', '\x0A', '\x0B', '\x0C', '\x0F', '\x10', 'a', '\xFF');
  const auto bytes = *rc::gen::container<std::string>(byte);
  BsonReader reader(bytes);
  BsonElement element;
  const char* at = bytes.data();
  while (reader.next(element)) {
    RC_ASSERT(element.name.data() > at || element.name.data() == at + 1);
    RC_ASSERT(element.value.data() + element.value.size() <= bytes.data() + bytes.size());
    at = element.value.data() + element.value.size();
  }
  RC_ASSERT(reader.damaged() || at == bytes.data() + bytes.size());
}

}  // namespace

}  // namespace dynatlas
