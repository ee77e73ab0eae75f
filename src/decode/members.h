// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "decode/json.h"

// The members of JSON objects, and the elements of arrays, one after the other.
namespace dynatlas::json {

// Calls visit(name, value) for each member of the object at `in`; visit returns the position behind the value, or null
// to stop. Returns the position behind the object, or null.
template <class Visit>
const char* for_each_member(const char* in, std::string& scratch, Visit&& visit) {
  if (*in != '{') return nullptr;
  in = skip_blanks(in + 1);
  if (*in == '}') return in + 1;
  for (;;) {
    std::string_view name;
    in = read_string(in, name, scratch);
    if (in == nullptr || (in = expect(in, ':')) == nullptr) return nullptr;
    in = visit(name, in);
    if (in == nullptr) return nullptr;
    in = skip_blanks(in);
    if (*in == '}') return in + 1;
    if (*in != ',') return nullptr;
    in = skip_blanks(in + 1);
  }
}

// Calls visit(value) for each element of the array at `in`, which returns as above. Returns the position behind the
// array, or null.
template <class Visit>
const char* for_each_element(const char* in, Visit&& visit) {
  if (*in != '[') return nullptr;
  in = skip_blanks(in + 1);
  if (*in == ']') return in + 1;
  for (;;) {
    in = visit(in);
    if (in == nullptr) return nullptr;
    in = skip_blanks(in);
    if (*in == ']') return in + 1;
    if (*in != ',') return nullptr;
    in = skip_blanks(in + 1);
  }
}

// The value of a string member: refers to the input, unless it held escapes.
class Text {
 public:
  // Reads the string at `in`; another kind of value is passed over and leaves what was here.
  const char* read(const char* in) { return *in == '"' ? read_string(in, text_, unescaped_) : skip(in); }

  std::string_view view() const { return text_; }
  bool empty() const { return text_.empty(); }
  void clear() { text_ = {}; }

 private:
  std::string_view text_;
  std::string unescaped_;
};

// Reads the number at `in` where it is a whole one; another value is passed over and leaves what was here.
inline const char* read_whole(const char* in, std::optional<std::uint64_t>& number) {
  const char* behind = skip(in);
  std::uint64_t read = 0;
  if (behind != nullptr && std::from_chars(in, behind, read).ptr == behind) number = read;
  return behind;
}

}  // namespace dynatlas::json
