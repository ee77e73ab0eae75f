// SPDX-License-Identifier: Apache-2.0
#include "base/printable.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace dynatlas {

namespace {

using namespace std::string_literals;

TEST(Printable, KeepsOrdinaryText) {
  for (const std::string& text :
       {""s, "a.b"s, "Zoë 🚲"s, "日本"s, "\\u0041"s, "\u00A0"s, "\u2027\u202F\u2065\u206A"s, "\U0010FFFF"s, "שלום"s}) {
    EXPECT_EQ(printable(text), text);
  }
}

TEST(Printable, EscapesWhatEndsALineOrSteersATerminal) {
  EXPECT_EQ(printable("a\nb\r\t\x1b[2J\x7f"), "a\\u000ab\\u000d\\u0009\\u001b[2J\\u007f");
  EXPECT_EQ(printable("\0"s), "\\u0000");
  EXPECT_EQ(printable("\u0080\u0085\u009B\u009F"), "\\u0080\\u0085\\u009b\\u009f");
  EXPECT_EQ(printable("\u2028\u2029"), "\\u2028\\u2029");
}

TEST(Printable, EscapesWhatTurnsTheReadingDirection) {
  EXPECT_EQ(printable("\u061C\u200E\u200F"), "\\u061c\\u200e\\u200f");
  EXPECT_EQ(printable("\u202A\u202B\u202C\u202D\u202E"), "\\u202a\\u202b\\u202c\\u202d\\u202e");
  EXPECT_EQ(printable("\u2066\u2067\u2068\u2069"), "\\u2066\\u2067\\u2068\\u2069");
}

TEST(Printable, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("a\x9b"
                      "b"),
            "a\\x9bb");                                              // a control character in Latin-1
  EXPECT_EQ(printable("\xC2"), "\\xc2");                             // cut off
  EXPECT_EQ(printable("\xC0\x8A"), "\\xc0\\x8a");                    // a line feed, overlong
  EXPECT_EQ(printable("\xE0\x80\x8A"), "\\xe0\\x80\\x8a");           // the same
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(printable("\xE2\x80\n"), "\\xe2\\x80\\u000a");           // a line feed inside of a sequence
}

// A slow, obvious twin: no byte below space, no DEL, and none of the sequences that must go.
RC_GTEST_PROP(Printable, LeavesNothingUnsafe, ()) {
  const auto pieces = *rc::gen::container<std::vector<std::string>>(
      rc::gen::element<std::string>("\n", "\x1b", "\x7f", "\u0085", "\u009f", "\u2028", "\u202e", "\u2069", "\u200f",
                                    "\u061c", "\xe2", "\x80", "\xa8", "\xc2", "x", "é", "\xf0", "\x90"));
  std::string text;
  for (const std::string& piece : pieces) text += piece;
  const std::string out = printable(text);
  for (const char c : out) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
  for (const std::string bad : {"\u0085", "\u009f", "\u2028", "\u202e", "\u2069", "\u200f", "\u061c"})
    RC_ASSERT(out.find(bad) == std::string::npos);
  RC_ASSERT(printable(out) == out);
}

TEST(Printable, HidesTheUserAndPasswordOfAUri) {
  EXPECT_EQ(printable("mongodb://user:secret@host/db"), "mongodb://..@host/db");
  EXPECT_EQ(printable("--tO=mongodb://u:p@ss/word@h: cannot be opened"), "--tO=mongodb://..@h: cannot be opened");
  EXPECT_EQ(printable("a://x:1@h b://y:2@i"), "a://..@h b://..@i");
  EXPECT_EQ(printable("mongodb://host/db and user@host"), "mongodb://host/db and user@host");
  EXPECT_EQ(printable("://@://"), "://@://");
}

}  // namespace

}  // namespace dynatlas
