// SPDX-License-Identifier: Apache-2.0
#include "decode/json.h"

#include <bitset>
#include <cstring>
#include <vector>

namespace dynatlas::json {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The 16 bits of four hex digits, or -1. Stops at the first byte that is none, so it never passes the padding.
int read_hex4(const char* in) {
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(in[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

void write_utf8(std::uint32_t code_point, std::uint8_t*& out) {
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<std::uint8_t>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | code_point >> 6);
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3F));
    put(0x80 | (code_point >> 6 & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

// `in` is behind `\u`.
const char* read_unicode_escape(const char* in, std::uint8_t*& out) {
  const int first = read_hex4(in);
  if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF)) return nullptr;
  in += 4;
  if (first < 0xD800 || first > 0xDBFF) {
    write_utf8(static_cast<std::uint32_t>(first), out);
    return in;
  }
  if (in[0] != '\\' || in[1] != 'u') return nullptr;
  const int second = read_hex4(in + 2);
  if (second < 0xDC00 || second > 0xDFFF) return nullptr;
  write_utf8(static_cast<std::uint32_t>(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)), out);
  return in + 6;
}

const char* skip_digits(const char* in) {
  while (*in >= '0' && *in <= '9') ++in;
  return in;
}

const char* skip_word(const char* in, std::string_view word, const char*& stopped) {
  for (const char c : word) {
    if (*in != c) return stopped = in, nullptr;
    ++in;
  }
  return in;
}

// Behind an escape, whatever it means; null where it is none.
const char* skip_escape(const char* in) {
  if (in[1] == 'u') return read_hex4(in + 2) < 0 ? nullptr : in + 6;
  return in[1] != '\0' && std::strchr("\"\\/bfnrt", in[1]) != nullptr ? in + 2 : nullptr;
}

// `in` is behind the opening quote.
const char* skip_long_string(const char* in, const char*& stopped) {
  for (;;) {
    in = find_string_stop(in);
    if (*in == '"') return in + 1;
    const char* behind = *in == '\\' ? skip_escape(in) : nullptr;
    if (behind == nullptr) {
      // A text that ends within an escape (of 6 bytes) ended too early: say so by stopping at its end.
      const void* text_end = *in == '\\' ? std::memchr(in, '\0', 6) : nullptr;
      return stopped = text_end != nullptr ? static_cast<const char*>(text_end) : in, nullptr;
    }
    in = behind;
  }
}

inline const char* skip_string(const char* in, const char*& stopped) {
  if (*in != '"') return stopped = in, nullptr;
  const char* end = find_string_stop(in + 1);
  if (*end == '"') [[likely]]
    return end + 1;
  return skip_long_string(end, stopped);
}

// Which of the open brackets are braces: a bit a level, without a bound of its own, since the depth is the sender's
// choice.
class OpenBrackets {
 public:
  bool none() const { return depth_ == 0; }
  bool innermost_is_object() const { return depth_ <= near_.size() ? near_[depth_ - 1] : far_.back(); }
  void open(bool object) {
    if (depth_ < near_.size()) {
      near_[depth_] = object;
    } else {
      far_.push_back(object);
    }
    ++depth_;
  }
  void close() {
    if (depth_ > near_.size()) far_.pop_back();
    --depth_;
  }

 private:
  std::bitset<256> near_;
  std::vector<bool> far_;
  std::size_t depth_ = 0;
};

}  // namespace

const char* skip_many_blanks(const char* in) {
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8(' ');
  for (;;) {
    while (*in == '\n' || *in == '\r' || *in == '\t') ++in;
    if (*in != ' ') return in;
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    const unsigned others = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(chunk, space))) ^ 0xFFFFU;
    in += others == 0 ? 16 : __builtin_ctz(others);
  }
#else
  while (is_blank(*in)) ++in;
  return in;
#endif
}

const char* read_escape(const char* in, std::uint8_t*& out) {
  char plain = 0;
  switch (in[1]) {
    case '"':
    case '\\':
    case '/':
      plain = in[1];
      break;
    case 'b':
      plain = '\b';
      break;
    case 'f':
      plain = '\f';
      break;
    case 'n':
      plain = '\n';
      break;
    case 'r':
      plain = '\r';
      break;
    case 't':
      plain = '\t';
      break;
    case 'u':
      return read_unicode_escape(in + 2, out);
    default:
      return nullptr;
  }
  *out++ = static_cast<std::uint8_t>(plain);
  return in + 2;
}

const char* read_raw_string(const char* in, RawString& string) {
  if (*in != '"') return nullptr;
  const char* begin = ++in;
  string.escaped = false;
  for (;;) {
    in = find_string_stop(in);
    if (*in == '"') break;
    if (*in != '\\') return nullptr;
    std::uint8_t ignored[4];
    std::uint8_t* out = ignored;
    string.escaped = true;
    in = read_escape(in, out);
    if (in == nullptr) return nullptr;
  }
  string.text = {begin, static_cast<std::size_t>(in - begin)};
  return in + 1;
}

std::string_view unescaped(const RawString& string, std::string& scratch) {
  if (!string.escaped) return string.text;
  scratch.resize(string.text.size() + 64);
  auto* begin = reinterpret_cast<std::uint8_t*>(scratch.data());
  auto* out = begin;
  copy_string(string.text.data(), out);
  scratch.resize(static_cast<std::size_t>(out - begin));
  return scratch;
}

const char* read_escaped_string(const char* in, std::string_view& text, std::string& scratch) {
  RawString raw;
  in = read_raw_string(in, raw);
  if (in != nullptr) text = unescaped(raw, scratch);
  return in;
}

const char* skip_number(const char* in) {
  if (*in == '-') ++in;
  if (*in == '0') {
    ++in;
  } else {
    const char* behind = skip_digits(in);
    if (behind == in) return nullptr;
    in = behind;
  }
  if (*in == '.') {
    const char* behind = skip_digits(++in);
    if (behind == in) return nullptr;
    in = behind;
  }
  if (*in == 'e' || *in == 'E') {
    ++in;
    if (*in == '+' || *in == '-') ++in;
    const char* behind = skip_digits(in);
    if (behind == in) return nullptr;
    in = behind;
  }
  return in;
}

const char* skip_scalar(const char* in, const char*& stopped) {
  switch (*in) {
    case '"':
      return skip_string(in, stopped);
    case 't':
      return skip_word(in, "true", stopped);
    case 'f':
      return skip_word(in, "false", stopped);
    case 'n':
      return skip_word(in, "null", stopped);
    default:
      break;
  }
  const char* behind = skip_number(in);
  if (behind == nullptr) stopped = in + std::strspn(in, "0123456789+-.eE");
  return behind;
}

const char* skip_value(const char* in, const char*& stopped) {
  OpenBrackets brackets;
  const auto fail = [&stopped](const char* at) { return stopped = at, nullptr; };
  const auto read_name = [&](const char* at) -> const char* {
    const char* behind = skip_string(at, stopped);
    if (behind == nullptr) return nullptr;
    behind = skip_blanks(behind);
    return *behind == ':' ? skip_blanks(behind + 1) : fail(behind);
  };
  for (;;) {
    // A value begins at `in`.
    if (*in == '{' || *in == '[') {
      const bool object = *in == '{';
      in = skip_blanks(in + 1);
      if (*in == (object ? '}' : ']')) {
        ++in;
      } else {
        brackets.open(object);
        if (object && (in = read_name(in)) == nullptr) return nullptr;
        continue;
      }
    } else if ((in = skip_scalar(in, stopped)) == nullptr) {
      return nullptr;
    }
    // A value ended: close what ends with it.
    for (;;) {
      if (brackets.none()) return in;
      in = skip_blanks(in);
      const bool object = brackets.innermost_is_object();
      if (*in == ',') {
        in = skip_blanks(in + 1);
        if (object && (in = read_name(in)) == nullptr) return nullptr;
        break;
      }
      if (*in != (object ? '}' : ']')) return fail(in);
      ++in;
      brackets.close();
    }
  }
}

}  // namespace dynatlas::json
