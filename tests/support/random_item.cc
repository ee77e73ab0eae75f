// SPDX-License-Identifier: Apache-2.0
#include "random_item.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "dice.h"

namespace dynatlas {
namespace {

void append_utf8(std::string& out, char32_t point) {
  const auto byte = [&](char32_t bits) { out += static_cast<char>(static_cast<unsigned char>(bits)); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0 | (point >> 6));
    byte(0x80 | (point & 63));
  } else if (point < 0x10000) {
    byte(0xE0 | (point >> 12));
    byte(0x80 | ((point >> 6) & 63));
    byte(0x80 | (point & 63));
  } else {
    byte(0xF0 | (point >> 18));
    byte(0x80 | ((point >> 12) & 63));
    byte(0x80 | ((point >> 6) & 63));
    byte(0x80 | (point & 63));
  }
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t left = std::min<size_t>(3, bytes.size() - at);
    unsigned window = 0;
    for (size_t i = 0; i < left; ++i) window |= unsigned{static_cast<unsigned char>(bytes[at + i])} << (16 - 8 * i);
    for (size_t i = 0; i < 4; ++i) text += i <= left ? letters[(window >> (18 - 6 * i)) & 63] : '=';
  }
  return text;
}

// A number before it is spelled: value = digits * 10^exponent, no zero first or last, empty for zero.
struct Decimal {
  bool negative = false;
  std::string digits;
  int exponent = 0;

  bool operator<(const Decimal& other) const {  // some order, for sets
    return std::tie(negative, digits, exponent) < std::tie(other.negative, other.digits, other.exponent);
  }
};

Decimal decimal(std::string digits, int exponent, bool negative) {
  while (digits.ends_with('0')) {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.empty()) return {};
  return {negative, std::move(digits), exponent};
}

class ItemWriter {
 public:
  ItemWriter(std::mt19937_64& random, const RandomItemOptions& options)
      : dice_(random), options_(options), blanks_(dice_.one_in(6)), escapes_(dice_.one_in(4)) {}

  std::string item() {
    blank();
    const size_t length = 1 + dice_.below(options_.attributes_max);
    attributes(1, length, dice_.one_in(8));
    blank();
    return std::move(out_);
  }

 private:
  // ---- JSON ----

  void blank() {
    if (!blanks_ || !dice_.one_in(3)) return;
    static constexpr std::array<std::string_view, 7> blanks = {" ", "  ", "\t", "\n", "\r\n", "\n    ", " \t\r\n "};
    out_ += dice_.one_of(blanks);
  }

  void token(std::string_view text) {
    blank();
    out_ += text;
    blank();
  }

  void unicode_escape(unsigned unit) {
    constexpr std::string_view lower = "0123456789abcdef";
    constexpr std::string_view upper = "0123456789ABCDEF";
    const std::string_view hex = dice_.one_in(2) ? lower : upper;
    out_ += "\\u";
    for (unsigned shift = 16; shift > 0; shift -= 4) out_ += hex[(unit >> (shift - 4)) & 15];
  }

  void json_character(char32_t point, bool may_escape) {
    static constexpr std::array<std::pair<char32_t, std::string_view>, 8> shorts = {{
        {'"', "\\\""},
        {'\\', "\\\\"},
        {'/', "\\/"},
        {8, "\\b"},
        {12, "\\f"},
        {10, "\\n"},
        {13, "\\r"},
        {9, "\\t"},
    }};
    const auto* const found =
        std::find_if(shorts.begin(), shorts.end(), [&](const auto& s) { return s.first == point; });
    const bool must = point < 0x20 || point == '"' || point == '\\';
    const bool chosen = may_escape && dice_.one_in(5);
    if (found != shorts.end() && (must || chosen) && !dice_.one_in(4)) {
      out_ += found->second;
    } else if (!must && !chosen) {
      append_utf8(out_, point);
    } else if (point >= 0x10000) {
      unicode_escape(static_cast<unsigned>(0xD800 + ((point - 0x10000) >> 10)));
      unicode_escape(static_cast<unsigned>(0xDC00 + ((point - 0x10000) & 0x3FF)));
    } else {
      unicode_escape(static_cast<unsigned>(point));
    }
  }

  void json_string(std::u32string_view text) {
    blank();
    out_ += '"';
    for (const char32_t point : text) json_character(point, escapes_);
    out_ += '"';
    blank();
  }

  void json_string(std::string_view ascii) { json_string(std::u32string(ascii.begin(), ascii.end())); }

  // ---- Strings, names, binaries ----

  char32_t character() {
    switch (dice_.below(12)) {
      case 0:
        return static_cast<char32_t>(dice_.below(0x20));
      case 1:
        return dice_.one_of(std::array<char32_t, 8>{'"', '\\', '/', '.', '$', '%', 0x7F, 0});
      case 2:
        return static_cast<char32_t>(0x80 + dice_.below(0x780));
      case 3:
        return static_cast<char32_t>(0xAC00 + dice_.below(0x2BA4));
      case 4:
        return static_cast<char32_t>(0x10000 + dice_.below(0x100000));
      case 5:
        return dice_.one_of(
            std::array<char32_t, 9>{0x7FF, 0x800, 0xD7FF, 0xE000, 0x2028, 0xFEFF, 0xFFFD, 0xFFFF, 0x10FFFF});
      default:
        return static_cast<char32_t>(' ' + dice_.below(95));
    }
  }

  std::u32string string() {
    std::u32string text;
    if (dice_.one_in(10)) return text;
    const size_t length = dice_.one_in(20) ? 100 + dice_.below(200) : 1 + dice_.below(16);
    const bool plain = dice_.one_in(2);
    for (size_t i = 0; i < length; ++i) text += plain ? static_cast<char32_t>('a' + dice_.below(26)) : character();
    return text;
  }

  std::u32string name(bool top_level) {
    static const std::array<std::u32string, 32> odd = {
        U"_id", U"_dynatlas", U"%5Fid", U"%5Fdynatlas", U"$",    U"$numberInt", U"$oid", U"$$",
        U"a$b", U"%",         U"%%",    U"%24",         U"%2e",  U"%2",         U"%zz",  U"%%41",
        U"%25", U"a.b",       U".",     U"..",          U"a\\",  U"a\\.b",      U"0",    U"1",
        U"S",   U"N",         U"M",     U"Item",        U"Keys", U"%00",        U"é",    U"😀",
    };
    switch (dice_.below(8)) {
      case 0:
        return dice_.one_of(odd);
      case 1: {
        std::u32string text = dice_.one_of(odd);
        return text += dice_.one_of(odd);
      }
      case 2: {
        std::u32string text = top_level ? U"n" : U"";
        for (size_t i = dice_.below(6); i > 0; --i) text += character();
        return text;
      }
      case 3: {
        std::u32string text = U"%";
        text.append(dice_.below(3), U'2');
        return text += character();
      }
      default: {
        std::u32string text;
        for (size_t i = 1 + dice_.below(10); i > 0; --i) text += static_cast<char32_t>('a' + dice_.below(26));
        return text;
      }
    }
  }

  std::string bytes() {
    std::string bytes;
    for (size_t i = dice_.one_in(20) ? dice_.below(300) : dice_.below(12); i > 0; --i) {
      bytes += static_cast<char>(static_cast<unsigned char>(dice_.below(256)));
    }
    return bytes;
  }

  void binary(const std::string& bytes) {
    json_string(std::string_view(options_.binary_twice ? base64(base64(bytes)) : base64(bytes)));
  }

  // ---- Numbers ----

  std::string digits(int count) {
    std::string digits(1, static_cast<char>('1' + dice_.below(9)));
    const bool zeros = dice_.one_in(4);
    while (static_cast<int>(digits.size()) < count) {
      digits += zeros && !dice_.one_in(3) ? '0' : static_cast<char>('0' + dice_.below(10));
    }
    if (digits.back() == '0') digits.back() = '7';
    return digits;
  }

  Decimal of_digits(int count) {
    std::string text = digits(count);
    // The first digit stands for 10^-130 to 10^125; most numbers are near 1.
    const int magnitude = dice_.one_in(3) ? dice_.between(-130, 125) : dice_.between(-8, 24);
    return {dice_.one_in(2), std::move(text), magnitude - count + 1};
  }

  Decimal number() {
    static constexpr std::array<std::string_view, 20> borders = {"2147483646",
                                                                 "2147483647",
                                                                 "2147483648",
                                                                 "2147483649",
                                                                 "4294967296",
                                                                 "9007199254740991",
                                                                 "9007199254740992",
                                                                 "9007199254740993",
                                                                 "9223372036854775806",
                                                                 "9223372036854775807",
                                                                 "9223372036854775808",
                                                                 "9223372036854775809",
                                                                 "18446744073709551615",
                                                                 "18446744073709551616",
                                                                 "1",
                                                                 "10",
                                                                 "100000",
                                                                 "9223372036854776000",
                                                                 "255",
                                                                 "99999999999999999999"};
    const bool negative = dice_.one_in(2);
    switch (dice_.below(12)) {
      case 0:
        return {};
      case 1:
        return decimal(std::string(dice_.one_of(borders)), 0, negative);
      case 2:
        return of_digits(dice_.between(15, 17));
      case 3:
        return of_digits(34);
      case 4:
        return of_digits(dice_.between(35, 38));
      case 5:
        return dice_.one_in(2) ? Decimal{negative, "1", 125} : Decimal{negative, "1", -130};
      case 6:
        return {negative, std::string(38, '9'), dice_.one_in(2) ? 88 : -167 + dice_.between(0, 200)};
      case 7:
        return of_digits(dice_.between(1, 38));
      case 8:
        return {negative, digits(dice_.between(1, 19)), 0};
      case 9:
        return {negative, digits(dice_.between(1, 5)), -dice_.between(1, 4)};
      case 10:
        return {negative, digits(dice_.between(1, 3)), dice_.between(0, 122)};
      default:
        return decimal(std::to_string(dice_.below(1000)), 0, negative);
    }
  }

  std::string needless_zeros(size_t below) { return dice_.one_in(4) ? std::string(dice_.below(below), '0') : ""; }

  std::string plain(const Decimal& number) {
    std::string digits = number.digits;
    if (number.exponent >= 0) return digits + std::string(static_cast<size_t>(number.exponent), '0');
    const auto fraction = static_cast<size_t>(-number.exponent);
    if (digits.size() <= fraction) digits.insert(0, fraction - digits.size() + 1, '0');
    digits.insert(digits.size() - fraction, ".");
    return digits;
  }

  std::string with_exponent(const Decimal& number) {
    // The point anywhere in the digits, also before the first and behind the last.
    const size_t point = dice_.below(number.digits.size() + 1);
    const int exponent = number.exponent + static_cast<int>(number.digits.size() - point);
    std::string text = number.digits;
    if (point < text.size()) {
      text.insert(point, ".");
    } else if (dice_.one_in(2)) {
      text += "." + needless_zeros(5);
    }
    text += dice_.one_in(2) ? "e" : "E";
    text += exponent < 0 ? "-" : dice_.one_in(2) ? "+" : "";
    return text + needless_zeros(4) + std::to_string(exponent < 0 ? -exponent : exponent);
  }

  std::string zero() {
    static constexpr std::array<std::string_view, 12> spellings = {"0",  "0",  "-0",  "+0",   "0.0",  "-0.00",
                                                                   ".0", "0.", "0e5", "0E-9", "00.0", "-0e+0"};
    return std::string(dice_.one_of(spellings));
  }

  std::string spelled(const Decimal& number) {
    if (number.digits.empty()) return zero();
    if (dice_.one_in(2)) return (number.negative ? "-" : "") + plain(number);  // as DynamoDB prints it
    std::string text = number.negative ? "-" : dice_.one_in(4) ? "+" : "";
    text += needless_zeros(4);
    if (dice_.one_in(2)) return text + with_exponent(number);
    text += plain(number);
    if (text.find('.') != std::string_view::npos) return text + needless_zeros(5);
    return dice_.one_in(4) ? text + "." + needless_zeros(5) : text;
  }

  // ---- Values ----

  template <class Make, class Print>
  void set(Make make, Print print) {
    std::set<decltype(make())> members;
    token("[");
    for (size_t left = 1 + dice_.below(options_.attributes_max); left > 0; --left) {
      auto member = make();
      if (!members.insert(member).second) continue;
      if (members.size() > 1) token(",");
      print(member);
    }
    token("]");
  }

  void typed(std::string_view type) {
    token("{");
    json_string(type);
    token(":");
  }

  // `nesting` is what this value has if it is a list or a map; an attribute of the item has 1. A `deep` value goes down
  // as far as it may, and what hangs on that chain stays small, or items would be megabytes.
  void value(int nesting, bool deep) {
    const bool may_nest = nesting <= options_.nesting_max;
    const bool nests = may_nest && (deep || dice_.below(static_cast<size_t>(nesting) + 6) < 2);
    const size_t length = deep ? 1 + dice_.below(2) : dice_.below(std::max<size_t>(2, options_.attributes_max / 2) + 1);
    switch (nests ? dice_.below(2) : 2 + dice_.below(8)) {
      case 0:
        typed("M"), attributes(nesting + 1, length, deep);
        break;
      case 1:
        typed("L"), list(nesting + 1, length, deep);
        break;
      case 2:
        typed("S"), json_string(string());
        break;
      case 3:
        typed("N"), json_string(std::string_view(spelled(number())));
        break;
      case 4:
        typed("B"), binary(bytes());
        break;
      case 5:
        typed("BOOL"), token(dice_.one_in(2) ? "true" : "false");
        break;
      case 6:
        typed("NULL"), token("true");
        break;
      case 7:
        typed("SS"), set([&] { return string(); }, [&](const std::u32string& text) { json_string(text); });
        break;
      case 8:
        typed("NS");
        set([&] { return number(); }, [&](const Decimal& number) { json_string(std::string_view(spelled(number))); });
        break;
      default:
        typed("BS"), set([&] { return bytes(); }, [&](const std::string& bytes) { binary(bytes); });
    }
    token("}");
  }

  void list(int nesting, size_t length, bool deep) {
    token("[");
    for (size_t i = 0; i < length; ++i) {
      if (i > 0) token(",");
      value(nesting, deep && i == 0);
    }
    token("]");
  }

  void attributes(int nesting, size_t length, bool deep) {
    std::set<std::u32string> names;
    token("{");
    for (size_t i = 0; i < length; ++i) {
      std::u32string text = name(nesting == 1);
      if (!names.insert(text).second) continue;
      if (names.size() > 1) token(",");
      json_string(text);
      token(":");
      value(nesting, deep && i == 0);
    }
    token("}");
  }

  Dice dice_;
  const RandomItemOptions& options_;
  const bool blanks_;
  const bool escapes_;
  std::string out_;
};

}  // namespace

std::string random_item(std::mt19937_64& random, const RandomItemOptions& options) {
  return ItemWriter(random, options).item();
}

}  // namespace dynatlas
