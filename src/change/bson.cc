// SPDX-License-Identifier: Apache-2.0
#include "change/bson.h"

#include <algorithm>

namespace dynatlas {

namespace {

constexpr std::size_t unknown_size = static_cast<std::size_t>(-1);

std::size_t counted_size(std::string_view rest, std::size_t beside) {
  if (rest.size() < 4) return unknown_size;
  const auto length = load_little_endian<std::int32_t>(rest);
  return length < 0 ? unknown_size : static_cast<std::size_t>(length) + beside;
}

// The bytes of a value at the start of `rest`. Types that dynatlas never writes are measured too: a dump of somebody
// else's may hold them.
std::size_t value_size(std::uint8_t type, std::string_view rest) {
  switch (type) {
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      return 8;
    case 0x02:
    case 0x0D:
    case 0x0E:
      return counted_size(rest, 4);
    case 0x03:
    case 0x04:
    case 0x0F:
      return counted_size(rest, 0);
    case 0x05:
      return counted_size(rest, 5);
    case 0x06:
    case 0x0A:
    case 0x7F:
    case 0xFF:
      return 0;
    case 0x07:
      return 12;
    case 0x08:
      return 1;
    case 0x0B: {
      const std::size_t pattern = rest.find('\0');
      const std::size_t options = pattern == std::string_view::npos ? pattern : rest.find('\0', pattern + 1);
      return options == std::string_view::npos ? unknown_size : options + 1;
    }
    case 0x0C:
      return counted_size(rest, 16);
    case 0x10:
      return 4;
    case 0x13:
      return 16;
    default:
      return unknown_size;
  }
}

template <class Integer>
std::string_view bytes_of(const Integer& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

bool BsonReader::next(BsonElement& element) {
  if (rest_.empty() || damaged_) return false;
  const auto type = static_cast<std::uint8_t>(rest_[0]);
  const std::size_t name_end = rest_.find('\0', 1);
  damaged_ = true;
  if (name_end == std::string_view::npos) return false;
  const std::string_view behind = rest_.substr(name_end + 1);
  const std::size_t size = value_size(type, behind);
  if (size > behind.size()) return false;
  element.type = static_cast<BsonType>(type);
  element.name = rest_.substr(1, name_end - 1);
  element.value = behind.substr(0, size);
  const bool counted_text = type == 0x02 || type == 0x0D || type == 0x0E;
  const bool document = type == 0x03 || type == 0x04;
  if (counted_text && (size < 5 || element.value.back() != '\0')) return false;
  if (document && (size < 5 || element.value.back() != '\0')) return false;
  rest_ = behind.substr(size);
  damaged_ = false;
  return true;
}

std::string_view elements_of(std::string_view document) {
  if (document.size() < 5 || load_little_endian<std::int32_t>(document) != static_cast<std::int32_t>(document.size()))
    return {};
  return document.substr(4, document.size() - 5);
}

std::optional<BsonElement> find_element(std::string_view document, std::string_view name) {
  BsonReader reader(elements_of(document));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name == name) return element;
  }
  return std::nullopt;
}

void begin_element(Buffer& out, BsonType type, std::string_view name) {
  out.reserve_more(name.size() + 2);
  std::uint8_t* at = out.end();
  *at++ = static_cast<std::uint8_t>(type);
  at = std::copy(name.begin(), name.end(), at);
  *at++ = 0;
  out.resize_to(at);
}

void append_element(Buffer& out, BsonType type, std::string_view name, std::string_view value) {
  begin_element(out, type, name);
  out.append(value);
}

void append_string_element(Buffer& out, std::string_view name, std::string_view text) {
  begin_element(out, BsonType::string, name);
  const auto length = static_cast<std::uint32_t>(text.size() + 1);
  out.append(&length, sizeof length);
  out.append(text);
  out.push_back('\0');
}

void append_int32(Buffer& out, std::string_view name, std::int32_t value) {
  append_element(out, BsonType::int32, name, bytes_of(value));
}

void append_int64(Buffer& out, std::string_view name, std::int64_t value) {
  append_element(out, BsonType::int64, name, bytes_of(value));
}

void append_date(Buffer& out, std::string_view name, std::int64_t milliseconds) {
  append_element(out, BsonType::date, name, bytes_of(milliseconds));
}

void append_bool(Buffer& out, std::string_view name, bool value) {
  append_element(out, BsonType::boolean, name, {value ? "\1" : "\0", 1});
}

std::string string_value(std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size() + 1);
  std::string value(sizeof length, '\0');
  std::memcpy(value.data(), &length, sizeof length);
  value += text;
  value += '\0';
  return value;
}

void OpenDocument::close() {
  out_.push_back('\0');
  const auto length = static_cast<std::uint32_t>(out_.size() - begin_);
  std::memcpy(out_.data() + begin_, &length, sizeof length);
}

}  // namespace dynatlas
