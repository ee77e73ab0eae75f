// SPDX-License-Identifier: Apache-2.0
#include "pipeline/documents.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "decode/item_text.h"
#include "support/hex.h"
#include "support/memory_file.h"
#include "support/way_back.h"

namespace dynatlas {

namespace {

using Lines = std::vector<std::string>;

std::string shown(const FoundDocument& found) {
  const std::string unit = found.unit == FoundDocument::Unit::line ? " line " : " byte ";
  const std::string where = std::to_string(found.number) + unit + std::to_string(found.at) + " ";
  switch (found.kind) {
    case FoundDocument::Kind::document: {
      std::string cause;
      const auto item = item_of(found.bson, cause);
      return where + (item ? *item : "no item");
    }
    case FoundDocument::Kind::refused:
      return where + "refused";
    case FoundDocument::Kind::passed_over:
      return "passed over " + std::to_string(found.at) + " to " + std::to_string(found.last_line);
    case FoundDocument::Kind::end:
      break;
  }
  return "end";
}

// What stands in a file, one line each: `number line N item`, or `number line N refused`, or `passed over N to M`.
// Numbers and lines count from 0.
Lines read(std::string_view content) {
  const MemoryFile memory(content);
  auto file = InputFile::open(memory.path());
  if (!file) return {"cannot be opened"};
  DocumentReader reader(*file);
  Lines lines;
  for (;;) {
    const auto found = reader.next();
    if (!found) return lines.emplace_back("cannot be read"), lines;
    if (found->kind == FoundDocument::Kind::end) return lines;
    lines.push_back(shown(*found));
  }
}

std::string cause_of_first(std::string_view content) {
  const MemoryFile memory(content);
  auto file = InputFile::open(memory.path());
  DocumentReader reader(*file);
  const auto found = reader.next();
  return found && found->kind == FoundDocument::Kind::refused ? found->fault.cause : "";
}

// {"a":"x"}, with another letter
std::string bson(char letter) {
  std::string document = from_hex("0E0000000261000200000078 0000");
  document[11] = letter;
  return document;
}

const std::string item_x = R"({"a":{"S":"x"}})";
const std::string item_y = R"({"a":{"S":"y"}})";

TEST(DocumentReader, FindsNothingInAnEmptyFile) {
  EXPECT_EQ(read(""), Lines{});
  EXPECT_EQ(read(" \n\t\r\n"), Lines{});
  EXPECT_EQ(read("\xEF\xBB\xBF"), Lines{});
  EXPECT_EQ(read("[]"), Lines{});
}

// --- BSON

TEST(DocumentReader, FindsBsonDocumentsBackToBack) {
  EXPECT_EQ(read(bson('x') + bson('y')), (Lines{"0 byte 0 " + item_x, "1 byte 14 " + item_y}));
}

TEST(DocumentReader, LosesADamagedBsonDocumentAlone) {
  std::string damaged = bson('x');
  damaged[7] = '\x7F';  // the string is longer than the document
  EXPECT_EQ(read(damaged + bson('y')), (Lines{"0 byte 0 no item", "1 byte 14 " + item_y}));
}

TEST(DocumentReader, EndsAtABsonDocumentWhoseLengthIsWrong) {
  EXPECT_EQ(read(bson('x') + from_hex("04000000") + bson('y')), (Lines{"0 byte 0 " + item_x, "1 byte 14 refused"}));
  EXPECT_EQ(read(bson('x') + from_hex("FFFFFFFF") + bson('y')), (Lines{"0 byte 0 " + item_x, "1 byte 14 refused"}));
  EXPECT_EQ(read(bson('x') + from_hex("FFFFFF7F") + bson('y')), (Lines{"0 byte 0 " + item_x, "1 byte 14 refused"}));
  // One byte too short: what would be its end is no NUL.
  std::string shorter = bson('x').substr(0, 12) + bson('x').substr(13);
  EXPECT_EQ(read(shorter + bson('y')), (Lines{"0 byte 0 refused"}));
}

TEST(DocumentReader, RefusesABsonDocumentThatIsCutOff) {
  for (const std::size_t size : {1U, 3U, 4U, 5U, 13U}) {
    EXPECT_EQ(read(bson('x') + bson('y').substr(0, size)), (Lines{"0 byte 0 " + item_x, "1 byte 14 refused"})) << size;
    EXPECT_EQ(read(bson('y').substr(0, size)), (Lines{"0 byte 0 refused"})) << size;
  }
}

TEST(DocumentReader, ReadsBsonDocumentsAcrossTheBlocksThatFilesComeIn) {
  std::string text;
  while (text.size() < 2 * 1024 * 1024) text += bson('x');
  const Lines lines = read(text);
  ASSERT_EQ(lines.size(), text.size() / 14);
  EXPECT_EQ(lines.back(),
            std::to_string(lines.size() - 1) + " byte " + std::to_string(14 * (lines.size() - 1)) + " " + item_x);
}

// --- Extended JSON

TEST(DocumentReader, FindsOneExtendedJsonDocumentAfterAnother) {
  EXPECT_EQ(read("{\"a\":\"x\"}\n{\"a\":\"y\"}\n"), (Lines{"0 line 0 " + item_x, "1 line 1 " + item_y}));
  EXPECT_EQ(read(R"({"a":"x"}{"a":"y"})"), (Lines{"0 line 0 " + item_x, "1 line 0 " + item_y}));
  EXPECT_EQ(read("\xEF\xBB\xBF \n{\n  \"a\": \"x\"\n}\n\n{\n  \"a\": \"y\"\n}"),
            (Lines{"0 line 1 " + item_x, "1 line 5 " + item_y}));
}

TEST(DocumentReader, FindsTheDocumentsOfArrays) {
  EXPECT_EQ(read(R"([{"a":"x"},{"a":"y"}])"), (Lines{"0 line 0 " + item_x, "1 line 0 " + item_y}));
  EXPECT_EQ(read("[{\n  \"a\": \"x\"\n},\n{\n  \"a\": \"y\"\n}]\n"),
            (Lines{"0 line 0 " + item_x, "1 line 3 " + item_y}));
  EXPECT_EQ(read(R"([{"a":"x"}] [] {"a":"y"})"), (Lines{"0 line 0 " + item_x, "1 line 0 " + item_y}));
}

TEST(DocumentReader, RefusesValuesThatAreNoDocuments) {
  EXPECT_EQ(
      read(R"([5,{"a":"x"},[{"a":"y"}],null,"s"])"),
      (Lines{"0 line 0 refused", "1 line 0 " + item_x, "2 line 0 refused", "3 line 0 refused", "4 line 0 refused"}));
  EXPECT_EQ(read("5\n{\"a\":\"x\"}\ntrue"), (Lines{"0 line 0 refused", "1 line 1 " + item_x, "2 line 2 refused"}));
}

TEST(DocumentReader, LosesARefusedDocumentAlone) {
  EXPECT_EQ(read("{\"a\":{\"$numberInt\":\"x\"}}\n{\"a\":\"x\"}"), (Lines{"0 line 0 refused", "1 line 1 " + item_x}));
  EXPECT_EQ(read(R"([{"a":1,"a":2},{"a":"x"}])"), (Lines{"0 line 0 refused", "1 line 0 " + item_x}));
}

TEST(DocumentReader, GoesOnBehindTheLineOfASyntaxError) {
  EXPECT_EQ(read("{\"a\":tru}\n{\"a\":\"x\"}"), (Lines{"0 line 0 refused", "1 line 1 " + item_x}));
  // One brace is missing: the second document would be inside of the first.
  EXPECT_EQ(read("{\"a\":{\"b\":1}\n{\"a\":\"x\"}"), (Lines{"0 line 0 refused", "1 line 1 " + item_x}));
  EXPECT_EQ(read("oops\n{\"a\":\"x\"}"), (Lines{"0 line 0 refused", "1 line 1 " + item_x}));
}

TEST(DocumentReader, TellsWhatASyntaxErrorMadeItPassOver) {
  EXPECT_EQ(read("{\n  \"a\": tru\n}\n{\n  \"a\": \"x\"\n}"),
            (Lines{"0 line 0 refused", "passed over 1 to 2", "1 line 3 " + item_x}));
  EXPECT_EQ(read("{\"a\":tru}\nx\ny\n"), (Lines{"0 line 0 refused", "passed over 1 to 2"}));
  EXPECT_EQ(read("{\"a\":tru}\nx\ny"), (Lines{"0 line 0 refused", "passed over 1 to 2"}));
  EXPECT_EQ(read("{\"a\":tru}\n"), (Lines{"0 line 0 refused"}));
}

TEST(DocumentReader, ResumesAtALineThatIsIndentedNoDeeper) {
  EXPECT_EQ(read("[\n  {\n    \"a\": tru,\n    \"b\":\n    {}\n  },\n  {\n    \"a\": \"x\"\n  }\n]\n{\"a\":\"y\"}\n"),
            (Lines{"0 line 1 refused", "passed over 2 to 5", "1 line 6 " + item_x, "2 line 10 " + item_y}));
}

TEST(DocumentReader, RefusesSeparatorsThatStandWrong) {
  EXPECT_EQ(read(R"([{"a":"x"} {"a":"y"}])"), (Lines{"0 line 0 " + item_x, "1 line 0 refused"}));
  EXPECT_EQ(read(R"([{"a":"x"},])"), (Lines{"0 line 0 " + item_x, "1 line 0 refused"}));
  EXPECT_EQ(read(R"([,{"a":"x"}])"), (Lines{"0 line 0 refused"}));
  EXPECT_EQ(read(R"({"a":"x"},{"a":"y"})"), (Lines{"0 line 0 " + item_x, "1 line 0 refused"}));
  EXPECT_EQ(read("]\n{\"a\":\"x\"}"), (Lines{"0 line 0 refused", "1 line 1 " + item_x}));
}

TEST(DocumentReader, RefusesExtendedJsonThatIsCutOff) {
  EXPECT_EQ(read(R"({"a":"x"}{"a":"y)"), (Lines{"0 line 0 " + item_x, "1 line 0 refused"}));
  EXPECT_EQ(read(R"([{"a":"x"})"), (Lines{"0 line 0 " + item_x, "1 line 0 refused"}));
  EXPECT_EQ(read(R"([{"a":"x"},)"), (Lines{"0 line 0 " + item_x, "1 line 0 refused"}));
  EXPECT_EQ(read("["), (Lines{"0 line 0 refused"}));
  EXPECT_EQ(read("{"), (Lines{"0 line 0 refused"}));
  EXPECT_EQ(read("tru"), (Lines{"0 line 0 refused"}));
}

TEST(DocumentReader, RefusesANulInText) {
  EXPECT_EQ(read(std::string("{\"a\":\"x\"}\n\0\n{\"a\":\"y\"}", 21)),
            (Lines{"0 line 0 " + item_x, "1 line 1 refused", "2 line 2 " + item_y}));
}

TEST(DocumentReader, ReadsExtendedJsonAcrossTheBlocksThatFilesComeIn) {
  std::string text;
  while (text.size() < 2 * 1024 * 1024) text += "{ \"a\" : \"x\" }\n";
  const Lines lines = read(text);
  ASSERT_EQ(lines.size(), text.size() / 14);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ASSERT_EQ(lines[i], std::to_string(i) + " line " + std::to_string(i) + " " + item_x);
  }
}

TEST(DocumentReader, ReadsAnExtendedJsonDocumentOfManyBlocks) {
  const std::string large(3 * 1024 * 1024, 'x');
  const Lines lines = read("{\"a\":\"" + large + "\"}\n{\"a\":\"y\"}");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].size(), std::string("0 line 0 " + item_x).size() - 1 + large.size());
  EXPECT_EQ(lines[1], "1 line 1 " + item_y);
}

TEST(DocumentReader, BoundsTheTextOfOneDocument) {
  const std::string endless(document_text_bytes_max + 1024 * 1024, 'x');
  EXPECT_EQ(read("{\"a\":\"" + endless + "\"}\n{\"a\":\"y\"}"), (Lines{"0 line 0 refused", "1 line 1 " + item_y}));
}

TEST(DocumentReader, SaysWhatAFileOfAnotherFormLacks) {
  EXPECT_EQ(cause_of_first("\x89PNG and more"),
            "is neither Extended JSON, which begins with { or [, nor BSON, which begins with its length");
  EXPECT_EQ(cause_of_first(R"({"a":tru})"), "is no valid JSON");
  EXPECT_EQ(cause_of_first(R"([,{"a":"x"}])"), "is no valid JSON");
}

}  // namespace

}  // namespace dynatlas
