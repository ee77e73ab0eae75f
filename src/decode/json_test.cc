// SPDX-License-Identifier: Apache-2.0
#include "decode/json.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "decode/members.h"
#include "support/repeated.h"

namespace dynatlas::json {

namespace {

using namespace std::string_literals;

std::string padded(std::string_view text) { return std::string(text) + std::string(json_padding, '\0'); }

// The content of the string that `content` is between quotes; by both ways that must agree.
std::optional<std::string> read(const std::string& content) {
  const std::string text = padded('"' + content + "\"!");
  std::string scratch;
  std::string_view view;
  const char* behind = read_string(text.data(), view, scratch);

  std::vector<std::uint8_t> copy(content.size() + 1 + 64);
  std::uint8_t* out = copy.data();
  const char* behind_copy = copy_string(text.data() + 1, out);
  EXPECT_EQ(behind, behind_copy) << content;
  if (behind == nullptr) return std::nullopt;
  EXPECT_EQ(*behind, '!') << content;
  EXPECT_EQ(view, std::string(copy.data(), out)) << content;
  return std::string(view);
}

// How much of the text is a number.
std::string number_in(const std::string& text) {
  const std::string in = padded(text);
  const char* behind = skip_number(in.data());
  return behind == nullptr ? "none" : std::string(in.data(), behind);
}

bool is_valid(const std::string& text) {
  const std::string in = padded(text);
  const char* stopped = nullptr;
  return skip_value(in.data(), stopped) == in.data() + text.size();
}

// Where a broken value stops; -1 where it is none.
std::ptrdiff_t stop_of(const std::string& text) {
  const std::string in = padded(text);
  const char* stopped = nullptr;
  return skip_value(in.data(), stopped) != nullptr ? -1 : stopped - in.data();
}

// The members as name=value, where values stand alone.
std::string members(const std::string& text) {
  const std::string in = padded(text);
  std::string scratch;
  std::string all;
  const char* behind = for_each_member(in.data(), scratch, [&](std::string_view name, const char* value) {
    const char* end = skip(value);
    if (end != nullptr) all += std::string(name) + '=' + std::string(value, end) + ';';
    return end;
  });
  return behind == in.data() + text.size() ? all : "broken";
}

TEST(SkipBlanks, PassesOverTheFourBlanksOfJsonAndNoOthers) {
  const std::string blanks = " \n\r\t";
  for (std::size_t count = 0; count < 80; ++count) {
    std::string mixed;
    for (std::size_t i = 0; i < count; ++i) mixed += blanks[(i * i / 3) % 4];
    for (const std::string& text : {mixed, std::string(count, ' ')}) {
      const std::string in = padded(text + "x   ");
      EXPECT_EQ(skip_blanks(in.data()) - in.data(), static_cast<std::ptrdiff_t>(count));
      const std::string end = padded(text);
      EXPECT_EQ(skip_blanks(end.data()) - end.data(), static_cast<std::ptrdiff_t>(count));
    }
  }
  for (const char* other : {"\f", "\v", "\xC2\xA0", "\x1F", "\b"}) {
    const std::string in = padded(" "s + other);
    EXPECT_EQ(skip_blanks(in.data()) - in.data(), 1) << other;
  }
}

TEST(Expect, PassesOverWhatIsExpectedAndTheBlanksAround) {
  const std::string in = padded(" \n: \t5");
  EXPECT_EQ(expect(in.data(), ':') - in.data(), 5);
  EXPECT_EQ(expect(in.data(), ','), nullptr);
  const std::string end = padded("");
  EXPECT_EQ(expect(end.data(), ':'), nullptr);
}

TEST(ReadString, UnescapesAsRfc8259Says) {
  const std::vector<std::pair<std::string, std::string>> escapes = {
      {R"(\")", "\""},
      {R"(\\)", "\\"},
      {R"(\/)", "/"},
      {R"(\b)", "\x08"},
      {R"(\f)", "\x0C"},
      {R"(\n)", "\x0A"},
      {R"(\r)", "\x0D"},
      {R"(\t)", "\x09"},
      {R"(\u0000)", "\0"s},
      {R"(\u0041)", "A"},
      {R"(\u007f)", "\x7F"},
      {R"(\u0080)", "\xC2\x80"},
      {R"(\u00e9)", "é"},
      {R"(\u07FF)", "\xDF\xBF"},
      {R"(\u0800)", "\xE0\xA0\x80"},
      {R"(\u2606)", "☆"},
      {R"(\uD7ff)", "\xED\x9F\xBF"},
      {R"(\ue000)", "\xEE\x80\x80"},
      {R"(\uffff)", "\xEF\xBF\xBF"},
      {R"(\ud800\udc00)", "\xF0\x90\x80\x80"},
      {R"(\uD83D\uDEB2)", "🚲"},
      {R"(\udbff\udfff)", "\xF4\x8F\xBF\xBF"},
  };
  for (const auto& [text, content] : escapes) {
    EXPECT_EQ(read(text), content) << text;
    EXPECT_EQ(read("a" + text + text + "z"), "a" + content + content + "z") << text;
    EXPECT_EQ(read(std::string(100, 'x') + text), std::string(100, 'x') + content) << text;
  }
}

TEST(ReadString, RefusesWhatIsNoEscape) {
  for (const char* text :
       {R"(\x)",           R"(\')",           R"(\U0041)",       R"(\ )",           R"(\N)",           R"(\0)",
        R"(\u)",           R"(\u12)",         R"(\u123)",        R"(\u12g4)",       R"(\u 041)",       R"(\u+041)",
        R"(\ud800)",       R"(\udbff)",       R"(\udc00)",       R"(\udfff)",       R"(\ud800\u0041)", R"(\ud800\n)",
        R"(\ud83d\ud83d)", R"(\ud83dxudeb2)", R"(\ud83d\xdeb2)", R"(\udeb2\ud83d)", R"(\ud83d\udeb)"}) {
    EXPECT_EQ(read(text), std::nullopt) << text;
    EXPECT_EQ(read("ok" + std::string(60, 'x') + text), std::nullopt) << text;
  }
  EXPECT_EQ(read("\\\n"), std::nullopt);
}

TEST(ReadString, RefusesControlCharactersOnly) {
  for (int c = 1; c < 256; ++c) {
    if (c == '"' || c == '\\') continue;
    const std::string content(1, static_cast<char>(c));
    if (c < 0x20) {
      EXPECT_EQ(read(content), std::nullopt) << c;
    } else {
      EXPECT_EQ(read(content), content) << c;
    }
  }
  EXPECT_EQ(read("\0"s), std::nullopt);
}

TEST(ReadString, RefusesATextThatEndsInside) {
  for (const char* text :
       {"\"", "\"a", "\"a\\", "\"a\\u", "\"a\\u00", "\"a\\ud83d", "\"a\\ud83d\\", "\"a\\ud83d\\u1"}) {
    const std::string in = padded(text);
    std::string scratch;
    std::string_view view;
    RawString raw;
    std::uint8_t copy[128];
    std::uint8_t* out = copy;
    EXPECT_EQ(read_string(in.data(), view, scratch), nullptr) << text;
    EXPECT_EQ(read_raw_string(in.data(), raw), nullptr) << text;
    EXPECT_EQ(copy_string(in.data() + 1, out), nullptr) << text;
  }
}

TEST(ReadString, RefusesWhatBeginsWithoutAQuote) {
  const std::string in = padded("a\"");
  std::string scratch;
  std::string_view view;
  RawString raw;
  EXPECT_EQ(read_string(in.data(), view, scratch), nullptr);
  EXPECT_EQ(read_raw_string(in.data(), raw), nullptr);
}

TEST(ReadString, ReadsEveryLengthUpTo64KiB) {
  for (std::size_t size = 0; size < 200; ++size) {
    EXPECT_EQ(read(std::string(size, 'x')), std::string(size, 'x'));
    EXPECT_EQ(read(std::string(size, 'x') + "\\n"), std::string(size, 'x') + '\n');
    EXPECT_EQ(read("\\n" + std::string(size, 'x')), '\n' + std::string(size, 'x'));
  }
  for (const std::size_t size : {65535U, 65536U, 65537U})
    EXPECT_EQ(read(std::string(size, 'x')), std::string(size, 'x'));
  EXPECT_EQ(read(repeated("\\u00e9", 65536)), repeated("é", 65536));
}

TEST(ReadString, RefersToTheInputUnlessThereIsSomethingToUnescape) {
  const std::string plain = padded(R"("abc")");
  std::string scratch = "as it was";
  std::string_view view;
  read_string(plain.data(), view, scratch);
  EXPECT_EQ(static_cast<const void*>(view.data()), plain.data() + 1);
  EXPECT_EQ(scratch, "as it was");

  const std::string escaped = padded(R"("a\u0062c")");
  read_string(escaped.data(), view, scratch);
  EXPECT_EQ(static_cast<const void*>(view.data()), scratch.data());
  EXPECT_EQ(view, "abc");
}

TEST(ReadRawString, TellsTheTextAsItStandsBetweenItsQuotes) {
  std::string scratch;
  RawString raw;
  const std::string escaped = padded(R"("a\"b\u00e9" )");
  EXPECT_EQ(read_raw_string(escaped.data(), raw) - escaped.data(), 12);
  EXPECT_EQ(raw.text, R"(a\"b\u00e9)");
  EXPECT_TRUE(raw.escaped);
  EXPECT_EQ(unescaped(raw, scratch), "a\"bé");

  const std::string plain = padded(R"("abc")");
  EXPECT_EQ(read_raw_string(plain.data(), raw) - plain.data(), 5);
  EXPECT_FALSE(raw.escaped);
  EXPECT_EQ(static_cast<const void*>(unescaped(raw, scratch).data()), plain.data() + 1);
}

TEST(SkipNumber, PassesOverTheNumbersOfRfc8259) {
  for (const char* text : {"0", "-0", "7", "-12", "1234567890123456789012345678901234567890", "0.5", "-0.50", "10.01",
                           "1e5", "1E5", "1e+5", "1e-05", "0e0", "-1.5E+125"}) {
    EXPECT_EQ(number_in(text), text);
    EXPECT_EQ(number_in(std::string(text) + ",1"), text);
  }
  EXPECT_EQ(number_in("01"), "0");
  EXPECT_EQ(number_in("1.5.5"), "1.5");
  for (const char* text : {"", "-", "+1", ".5", "-.5", "1.", "1.e5", "1e", "1e+", "1e-", "-e5", "NaN", "Infinity", "x"})
    EXPECT_EQ(number_in(text), "none") << text;
}

TEST(SkipValue, PassesOverEveryKindOfValue) {
  for (const char* text : {"{}", "[]", "{ }", "[ ]", R"("")", R"("a\nb")", "0", "-1.5e3", "true", "false", "null",
                           R"({"a":1})", R"({"a":{"b":[1,"x",true,{}]},"c":null})", "[1,2]", "[[],{},[[]]]",
                           "{ \"a\" :\n1 ,\t\"b\" : [ 1 , 2 ] }", R"({"":0,"":0})", R"({"a\u0062":"\ud83d\udeb2"})"}) {
    EXPECT_TRUE(is_valid(text)) << text;
    EXPECT_EQ(stop_of(std::string(text) + " ]"), -1) << text;
  }
}

TEST(SkipValue, TakesHalfASurrogatePairForValidSyntax) {
  for (const char* text : {R"("\ud800")", R"("\udc00x")", R"({"\ud800":"\ud800\u0041"})"})
    EXPECT_TRUE(is_valid(text)) << text;
}

TEST(SkipValue, PassesOverAnyDepth) {
  for (const int depth : {1, 255, 256, 257, 100'000}) {
    EXPECT_TRUE(is_valid(repeated("[", depth) + repeated("]", depth))) << depth;
    EXPECT_TRUE(is_valid(repeated(R"({"a":[)", depth) + "1" + repeated("]}", depth))) << depth;
    EXPECT_FALSE(is_valid(repeated("[", depth) + repeated("]", depth - 1) + "}")) << depth;
  }
}

TEST(SkipValue, SaysWhereABrokenValueStops) {
  const std::vector<std::pair<std::string, std::ptrdiff_t>> broken = {
      {"}", 0},          {"]", 0},        {",", 0},         {"x", 0},           {"'a'", 0},         {"[1 2]", 3},
      {"[1,]", 3},       {"[,1]", 1},     {"[1}", 2},       {"{]", 1},          {"{1:2}", 1},       {"{a:1}", 1},
      {R"({"a" 1})", 5}, {R"({"a"})", 4}, {R"({"a":})", 5}, {R"({"a":1]})", 6}, {R"({"a":1,})", 7}, {R"({,})", 1},
      {"[trux]", 4},     {"[nul,1]", 4},  {"[fals3]", 5},   {"[True]", 1},      {"[\"a\nb\"]", 3},  {"[\"a\tb\"]", 3}};
  for (const auto& [text, at] : broken) {
    EXPECT_EQ(stop_of(text + "          "), at) << text;
  }
}

TEST(SkipValue, StopsAtTheEndOfATextThatEndedTooEarly) {
  const std::string whole = R"({"a":[1.5e-3,true,false,null,"b\n\u00e9\\"],"\u0061":{"x":{}}})";
  ASSERT_TRUE(is_valid(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(stop_of(whole.substr(0, size)), static_cast<std::ptrdiff_t>(size)) << whole.substr(0, size);
}

TEST(Skip, DoesAsSkipValue) {
  for (const char* text : {"{}", "[1]", R"("a")", R"("\n")", "5", "true", "null"}) {
    const std::string in = padded(text);
    EXPECT_EQ(skip(in.data()), in.data() + std::string_view(text).size()) << text;
  }
  for (const char* text : {"", "{", "[1", R"("a)", R"("\x")", "-", "tru", "}"}) {
    const std::string in = padded(text);
    EXPECT_EQ(skip(in.data()), nullptr) << text;
  }
}

TEST(ForEachMember, TellsMembersInTheirOrder) {
  EXPECT_EQ(members("{}"), "");
  EXPECT_EQ(members("{ \n}"), "");
  EXPECT_EQ(members(R"({"a":1})"), "a=1;");
  EXPECT_EQ(members("{ \"b\" : [1, 2] ,\n\"a\":{\"c\":3} , \"\\u0064\":\"x\", \"a\":4 }"),
            R"(b=[1, 2];a={"c":3};d="x";a=4;)");
}

TEST(ForEachMember, RefusesWhatIsNoObject) {
  for (const char* text : {"", "[]", "5", "{", R"({"a")", R"({"a":)", R"({"a":1)", R"({"a":1,)", R"({"a":1,})",
                           R"({,"a":1})", R"({"a" 1})", R"({a:1})", R"({"a":1 "b":2})", R"({"a":1])", R"({"a\x":1})"}) {
    EXPECT_EQ(members(text), "broken") << text;
  }
}

TEST(ForEachMember, StopsWhereItsVisitorStops) {
  const std::string in = padded(R"({"a":1,"b":2,"c":3})");
  std::string scratch;
  std::string seen;
  EXPECT_EQ(for_each_member(in.data(), scratch,
                            [&](std::string_view name, const char* value) {
                              seen += name;
                              return name == "b" ? nullptr : skip(value);
                            }),
            nullptr);
  EXPECT_EQ(seen, "ab");
}

TEST(TextMember, KeepsWhatItReadWhereAnotherKindOfValueStands) {
  Text text;
  EXPECT_TRUE(text.empty());
  const std::string string = padded(R"("a\u0062")");
  EXPECT_EQ(text.read(string.data()), string.data() + 9);
  EXPECT_EQ(text.view(), "ab");
  const std::string null = padded("null,");
  EXPECT_EQ(text.read(null.data()), null.data() + 4);
  EXPECT_EQ(text.view(), "ab");
  const std::string broken = padded("nul");
  EXPECT_EQ(text.read(broken.data()), nullptr);
  text.clear();
  EXPECT_TRUE(text.empty());
}

}  // namespace

}  // namespace dynatlas::json
