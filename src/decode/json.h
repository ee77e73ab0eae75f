// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "decode/string_scan.h"

// A JSON reader for one pass over text in memory, strict as RFC 8259 says: the decoder's floor.
//
// Every text that it reads ends in json_padding NUL bytes that belong to the buffer. A NUL is never valid JSON outside
// of a string, nor inside of one, so every loop ends there without a look at the length. UTF-8 is not judged here:
// whole blocks are validated at once.
namespace dynatlas::json {

inline constexpr std::size_t json_padding = 128;

inline bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

const char* skip_many_blanks(const char* in);

// The first byte at or after `in` that is no blank.
inline const char* skip_blanks(const char* in) {
  if (static_cast<unsigned char>(*in) > ' ') return in;
  return skip_many_blanks(in);
}

// Where `,` or `:` or a bracket is expected: the position after it and the blanks behind, or null.
inline const char* expect(const char* in, char c) {
  in = skip_blanks(in);
  return *in == c ? skip_blanks(in + 1) : nullptr;
}

// Reads one escape at `in`, a backslash: writes its UTF-8 to `out` (at most 4 bytes) and returns the position behind
// it; null where it is no escape, or half of a surrogate pair alone.
const char* read_escape(const char* in, std::uint8_t*& out);

// Copies the rest of a string's content, from behind its opening quote, unescaped. Returns the position behind the
// closing quote, or null. `out` needs room for the string's raw length and 64 bytes.
inline const char* copy_string(const char* in, std::uint8_t*& out) {
  for (;;) {
    in = copy_to_string_stop(in, out);
    if (*in == '"') return in + 1;
    if (*in != '\\') return nullptr;
    in = read_escape(in, out);
    if (in == nullptr) return nullptr;
  }
}

// A string as it stands between its quotes.
struct RawString {
  std::string_view text;
  bool escaped = false;  // holds a backslash
};

// Passes over a string, from its opening quote: the position behind the closing one, or null where it is none.
const char* read_raw_string(const char* in, RawString& string);

// The content of a raw string; uses `scratch` only where there is something to unescape.
std::string_view unescaped(const RawString& string, std::string& scratch);

// Reads a string from its opening quote into `text`, which refers to the input or, where it held escapes, to `scratch`.
const char* read_escaped_string(const char* in, std::string_view& text, std::string& scratch);
inline const char* read_string(const char* in, std::string_view& text, std::string& scratch) {
  if (*in != '"') return nullptr;
  const char* end = find_string_stop(in + 1);
  if (*end != '"') [[unlikely]]
    return read_escaped_string(in, text, scratch);
  text = {in + 1, static_cast<std::size_t>(end - in - 1)};
  return end + 1;
}

// Passes over a number: the position behind it, or null.
const char* skip_number(const char* in);

// Passes over a string, a number or a word: as skip_value() does.
const char* skip_scalar(const char* in, const char*& stopped);

// Passes over any value, whose syntax is judged as RFC 8259 has it: half a surrogate pair is valid there. Null where it
// is broken; then `stopped` is where: at the text's padding if the text ended too early.
const char* skip_value(const char* in, const char*& stopped);

// The same where nobody asks what stopped it; most values that are passed over are short strings.
inline const char* skip(const char* in) {
  if (*in == '"') {
    const char* end = find_string_stop(in + 1);
    if (*end == '"') [[likely]]
      return end + 1;
  }
  const char* stopped = nullptr;
  return *in == '{' || *in == '[' ? skip_value(in, stopped) : skip_scalar(in, stopped);
}

}  // namespace dynatlas::json
