// SPDX-License-Identifier: Apache-2.0
#include "mutate.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "dice.h"

namespace dynatlas {
namespace {

// The places right behind every occurrence of `mark`.
std::vector<size_t> behind(std::string_view text, std::string_view mark) {
  std::vector<size_t> places;
  for (size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1))
    places.push_back(at + mark.size());
  return places;
}

// A place behind one of them; the end where there is none.
size_t somewhere_behind(Dice& dice, std::string_view text, std::string_view mark) {
  const std::vector<size_t> places = behind(text, mark);
  return places.empty() ? text.size() : places[dice.below(places.size())];
}

size_t anywhere(Dice& dice, const std::string& text) { return dice.below(text.size() + 1); }

// The string or word of JSON that begins at `at`.
size_t length_of_scalar(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] != '"') return std::min(text.find_first_of(",]}", at), text.size()) - at;
  size_t end = at + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2U : 1U;
  return std::min(end + 1, text.size()) - at;
}

void replace_value_of(Dice& dice, std::string& text, std::string_view type, std::string_view with) {
  const size_t at = somewhere_behind(dice, text, "\"" + std::string(type) + "\":");
  text.replace(at, length_of_scalar(text, at), with);
}

// As one more attribute, so that the fault is there whatever the item holds.
void add_attribute(Dice& dice, std::string& text, std::string_view value) {
  const size_t brace = text.find('{');
  const size_t at = brace == std::string_view::npos ? 0 : brace + 1;
  text.insert(at, "\"added" + std::to_string(dice.below(1000)) + "\":" + std::string(value) + ",");
}

void break_bytes(Dice& dice, std::string& text) {
  static const std::array<std::string, 14> odd = {"\xFF",
                                                  "\xC3\x28",
                                                  "\x80",
                                                  "\xED\xA0\x80",
                                                  "\xC0\x80",
                                                  "\xF5\x80\x80\x80",
                                                  "\xE2\x82",
                                                  std::string(1, '\0'),
                                                  "\n",
                                                  "\xEF\xBB\xBF",
                                                  "\\ud800",
                                                  "\\udc00",
                                                  "\\ud800\\u0041",
                                                  "\\x"};
  const std::string& fault = dice.one_of(odd);
  switch (dice.below(6)) {
    case 0:
      text.insert(anywhere(dice, text), fault);
      break;
    case 1:
      text.insert(somewhere_behind(dice, text, "\""), fault);
      break;
    case 2:
      text.erase(anywhere(dice, text), fault.size());
      break;
    case 3:
      text.resize(anywhere(dice, text));
      break;
    case 4: {
      const size_t from = anywhere(dice, text);
      const std::string piece = text.substr(from, 1 + dice.below(40));
      text.insert(anywhere(dice, text), piece);
      break;
    }
    default:
      if (const size_t at = anywhere(dice, text); at < text.size()) {
        text[at] = static_cast<char>(static_cast<unsigned char>(text[at]) ^ (1U << dice.below(8)));
      }
  }
}

void break_json(Dice& dice, std::string& text) {
  static constexpr std::array<char, 7> marks = {'{', '}', '[', ']', ',', ':', '"'};
  const char mark = dice.one_of(marks);
  switch (dice.below(4)) {
    case 0:
      if (const size_t at = somewhere_behind(dice, text, std::string(1, mark)); at > 0) text.erase(at - 1, 1);
      break;
    case 1:
      text.insert(somewhere_behind(dice, text, std::string(1, mark)), 1, mark);
      break;
    case 2:
      text.insert(anywhere(dice, text), 1, mark);
      break;
    default: {
      static const std::array<std::string, 8> tails = {
          "{}", "x", ",", "]", "}", "null", "\xEF\xBB\xBF", std::string(1, '\0')};
      text += dice.one_of(tails);
    }
  }
}

void break_types(Dice& dice, std::string& text) {
  static constexpr std::array<std::string_view, 10> types = {"S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"};
  static constexpr std::array<std::string_view, 13> kinds = {
      "1", "-1.5e3", "null", "true", "false", "\"true\"", "\"\"", "{}", "[]", "[1]", "[null]", "[{}]", R"({"S":"x"})"};
  static constexpr std::array<std::string_view, 24> values = {"{}",
                                                              "[]",
                                                              "null",
                                                              "1",
                                                              R"("S")",
                                                              R"({"X":"1"})",
                                                              R"({"s":"x"})",
                                                              R"({"S ":"x"})",
                                                              R"({"":"x"})",
                                                              R"({"S":"x","N":"1"})",
                                                              R"({"S":"x","S":"x"})",
                                                              R"({"NULL":false})",
                                                              R"({"BOOL":"true"})",
                                                              R"({"SS":[]})",
                                                              R"({"SS":["a","a"]})",
                                                              R"({"SS":["a","\u0061"]})",
                                                              R"({"NS":["1","1.0"]})",
                                                              R"({"NS":["0","-0"]})",
                                                              R"({"BS":["AA==","AB=="]})",
                                                              R"({"NS":["1",2]})",
                                                              R"({"SS":["a",{"S":"b"}]})",
                                                              R"({"L":{}})",
                                                              R"({"M":[]})",
                                                              R"({"M":{"a":{"S":"x"},"\u0061":{"S":"y"}}})"};
  switch (dice.below(5)) {
    case 0:
      add_attribute(dice, text, dice.one_of(values));
      break;
    case 1: {
      const std::string_view type = dice.one_of(types);
      replace_value_of(dice, text, type, dice.one_of(kinds));
      break;
    }
    case 2: {
      const std::string from = "{\"" + std::string(dice.one_of(types)) + "\":";
      const size_t end = somewhere_behind(dice, text, from);
      if (end >= from.size() && text.compare(end - from.size(), from.size(), from) == 0) {
        text.replace(end - from.size(), from.size(), "{\"" + std::string(dice.one_of(types)) + "\":");
      }
      break;
    }
    case 3: {  // two type keys
      const std::string mark = "{\"" + std::string(dice.one_of(types)) + "\":";
      const size_t end = somewhere_behind(dice, text, mark);
      if (end >= mark.size()) text.insert(end - mark.size() + 1, R"("S":"x",)");
      break;
    }
    default: {  // a name twice
      const std::string name = "\"n" + std::to_string(dice.below(10)) + "\"";
      const size_t at = somewhere_behind(dice, text, dice.one_in(2) ? R"({"M":{)" : "{");
      text.insert(at, name + R"(:{"S":"x"},)" + name + R"(:{"BOOL":true},)");
    }
  }
}

void break_numbers(Dice& dice, std::string& text) {
  static constexpr std::array<std::string_view, 44> numbers = {"",
                                                               "-",
                                                               "+",
                                                               ".",
                                                               "-.",
                                                               "e5",
                                                               "1e",
                                                               "1e+",
                                                               "1e-",
                                                               "1e5.0",
                                                               "1.2.3",
                                                               "--1",
                                                               "+-1",
                                                               "1-",
                                                               " 1",
                                                               "1 ",
                                                               "1,5",
                                                               "0x10",
                                                               "1_000",
                                                               "NaN",
                                                               "Infinity",
                                                               "-Infinity",
                                                               "inf",
                                                               "1f",
                                                               "1E+126",
                                                               "1E+125",
                                                               "1E-130",
                                                               "1E-131",
                                                               "1e999999999999999999999",
                                                               "0e999999999999999999999",
                                                               "1e-99999999999999999999",
                                                               "1e00000000000000000000005",
                                                               "10E-131",
                                                               "0.1E126",
                                                               "99E124",
                                                               "12345678901234567890123456789012345678",
                                                               "123456789012345678901234567890123456789",
                                                               "1234567890123456789012345678901234567800000",
                                                               "0.000000000000000000000000000000000000000000000001",
                                                               "99999999999999999999999999999999999999E+88",
                                                               "99999999999999999999999999999999999999E+89",
                                                               "5.",
                                                               ".5e-3",
                                                               "\\u0031"};
  const std::string number = "\"" + std::string(dice.one_of(numbers)) + "\"";
  if (dice.one_in(2)) {
    add_attribute(dice, text, (dice.one_in(4) ? R"({"NS":["7",)" : R"({"NS":[)") + number + "]}");
  } else if (dice.one_in(2)) {
    add_attribute(dice, text, "{\"N\":" + number + "}");
  } else {
    replace_value_of(dice, text, "N", number);
  }
}

void break_binaries(Dice& dice, std::string& text) {
  static constexpr std::array<std::string_view, 22> binaries = {
      "",       "A",    "AA",       "AAA",      "AAAA",     "AA==",       "AB==", "AAB=",
      "A===",   "====", "AA=A",     "AA= ",     "AA==A",    "AAAA=",      "AA-_", "AAAA AAAA",
      "AAA\\n", "=AAA", "AAAAAA==", "QUE9PQ==", "QUFBQUE=", "QQ==\\u003d"};
  const std::string binary = "\"" + std::string(dice.one_of(binaries)) + "\"";
  if (dice.one_in(2)) {
    replace_value_of(dice, text, "B", binary);
  } else {
    add_attribute(dice, text, dice.one_in(2) ? "{\"B\":" + binary + "}" : "{\"BS\":[" + binary + "]}");
  }
}

// Around the deepest nesting that is allowed, and far beyond.
void nest(Dice& dice, std::string& text) {
  const size_t levels = dice.one_in(8) ? 500 + dice.below(2000) : 95 + dice.below(8);
  static constexpr std::array<std::string_view, 5> hearts = {R"({"S":"x"})", R"({"L":[]})", R"({"M":{}})",
                                                             R"({"SS":["x"]})",
                                                             R"({"N":"12345678901234567890123456789012345678"})"};
  std::string value(dice.one_of(hearts));
  for (size_t i = 0; i < levels; ++i) {
    const bool list = dice.one_in(2);
    value.insert(0, list ? R"({"L":[)" : R"({"M":{"m":)").append(list ? "]}" : "}}");
  }
  add_attribute(dice, text, value);
}

}  // namespace

std::string mutate(std::string item, std::mt19937_64& random) {
  Dice dice(random);
  for (size_t left = 1 + (dice.one_in(3) ? dice.below(3) : 0); left > 0; --left) {
    switch (dice.below(12)) {
      case 0:
      case 1:
      case 2:
        break_bytes(dice, item);
        break;
      case 3:
      case 4:
        break_json(dice, item);
        break;
      case 5:
      case 6:
      case 7:
        break_types(dice, item);
        break;
      case 8:
      case 9:
        break_numbers(dice, item);
        break;
      case 10:
        break_binaries(dice, item);
        break;
      default:
        nest(dice, item);
    }
  }
  return item;
}

}  // namespace dynatlas
