// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"

namespace dynatlas {

static_assert(std::endian::native == std::endian::little, "BSON's numbers are copied as they lie in memory");

// The BSON types that dynatlas writes, and those it meets in documents that others wrote. Source: bsonspec.org,
// version 1.1.
enum class BsonType : std::uint8_t {
  real = 0x01,
  string = 0x02,
  document = 0x03,
  array = 0x04,
  binary = 0x05,
  object_id = 0x07,
  boolean = 0x08,
  date = 0x09,
  null = 0x0A,
  int32 = 0x10,
  int64 = 0x12,
  decimal128 = 0x13,
};

// One element of a document; `value` is its bytes without type and name.
struct BsonElement {
  BsonType type = BsonType::null;
  std::string_view name;
  std::string_view value;
};

// Walks the elements of a document. Reads bytes that others wrote with the same care as our own: next() is false at the
// end and at the first thing that is no BSON of a known type, and then damaged() is true.
class BsonReader {
 public:
  // `elements` has neither length nor closing NUL.
  explicit BsonReader(std::string_view elements) : rest_(elements) {}

  bool next(BsonElement& element);
  bool damaged() const { return damaged_; }

 private:
  std::string_view rest_;
  bool damaged_ = false;
};

// The elements of a whole document; empty where its length says otherwise than its bytes.
std::string_view elements_of(std::string_view document);

// The first element of that name on top of a document, where it has one.
std::optional<BsonElement> find_element(std::string_view document, std::string_view name);

template <class Integer>
Integer load_little_endian(std::string_view bytes, std::size_t at = 0) {
  Integer value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

// Appends one element.
void append_element(Buffer& out, BsonType type, std::string_view name, std::string_view value);

// Appends one element of a type; a date is milliseconds since 1970.
void append_string_element(Buffer& out, std::string_view name, std::string_view text);
void append_int32(Buffer& out, std::string_view name, std::int32_t value);
void append_int64(Buffer& out, std::string_view name, std::int64_t value);
void append_date(Buffer& out, std::string_view name, std::int64_t milliseconds);
void append_bool(Buffer& out, std::string_view name, bool value);

// The bytes of a BSON string value.
std::string string_value(std::string_view text);

// The text of a BSON string value.
inline std::string_view string_text(std::string_view value) { return value.substr(4, value.size() - 5); }

// Writes a document while its length is not known yet.
class OpenDocument {
 public:
  explicit OpenDocument(Buffer& out) : out_(out), begin_(out.size()) { out.append("\0\0\0\0", 4); }
  OpenDocument(const OpenDocument&) = delete;
  OpenDocument& operator=(const OpenDocument&) = delete;

  // Closes the document; nothing may be written to it afterwards.
  void close();

 private:
  Buffer& out_;
  std::size_t begin_;
};

// Begins an element that holds a document or an array; an OpenDocument must follow.
void begin_element(Buffer& out, BsonType type, std::string_view name);

}  // namespace dynatlas
