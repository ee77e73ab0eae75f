// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/result.h"
#include "change/bson.h"

namespace dynatlas {

// MongoDB Extended JSON v2. Source: specifications/source/extended-json/extended-json.md.
enum class ExtendedJson : std::uint8_t { relaxed, canonical };

// Appends a JSON string with its quotes.
void append_json_string(std::string_view text, Buffer& out);

// Writes BSON as Extended JSON, without blanks and line ends. Doubles are the shortest text that reads back the same.
class ExtendedJsonWriter {
 public:
  ExtendedJsonWriter(ExtendedJson form, Buffer& out) : form_(form), out_(out) {}

  // Appends a whole document. What is damaged, nested beyond change/foreign_limits.h or of a type that dynatlas never
  // writes is poison.
  Result<void> document(std::string_view document);

  // The same for a single value.
  Result<void> value(BsonType type, std::string_view value);

  // Remembers where the text of the string that begins at `text` in the BSON comes to stand in the output.
  void watch(const char* text) { watched_ = text; }
  std::size_t watched_at() const { return watched_at_; }

 private:
  Result<void> members(std::string_view document, bool array);
  Result<void> member(BsonType type, std::string_view value);
  void real(double value);
  void date(std::int64_t milliseconds);
  void string(std::string_view text);
  template <class Integer>
  void integer(std::string_view name, Integer value, ExtendedJson form);

  ExtendedJson form_;
  Buffer& out_;
  const char* watched_ = nullptr;
  std::size_t watched_at_ = 0;
  int depth_ = 0;
};

}  // namespace dynatlas
