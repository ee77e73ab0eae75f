// SPDX-License-Identifier: Apache-2.0
#include "decode/extended_json.h"

#include <charconv>
#include <cmath>

#include "base/base64.h"
#include "base/time_text.h"
#include "change/foreign_limits.h"
#include "change/number.h"

namespace dynatlas {

namespace {

constexpr std::int64_t last_millisecond_of_year_9999 = last_microsecond_of_year_9999 / 1000;

void append_wrapped_text(std::string_view name, std::string_view text, Buffer& out) {
  out.append("{\"");
  out.append(name);
  out.append("\":\"");
  out.append(text);
  out.append("\"}");
}

void append_binary(std::string_view value, Buffer& out) {
  std::string text = R"({"$binary":{"base64":")";
  base64_append(value.substr(5), text);
  constexpr std::string_view digits = "0123456789abcdef";
  const auto subtype = static_cast<unsigned char>(value[4]);
  text += R"(","subType":")";
  text += digits[subtype >> 4];
  text += digits[subtype & 15];
  text += "\"}}";
  out.append(text);
}

void append_object_id(std::string_view value, Buffer& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string hex;
  for (const char c : value) {
    hex += digits[static_cast<unsigned char>(c) >> 4];
    hex += digits[static_cast<unsigned char>(c) & 15];
  }
  append_wrapped_text("$oid", hex, out);
}

}  // namespace

void append_json_string(std::string_view text, Buffer& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  out.reserve_more(text.size() + 2);
  out.push_back('"');
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.substr(begin, i - begin));
    begin = i + 1;
    constexpr std::string_view short_escapes = "\"\"\\\\\bb\ff\nn\rr\tt";
    std::size_t at = 0;
    while (at < short_escapes.size() && static_cast<unsigned char>(short_escapes[at]) != c) at += 2;
    if (at < short_escapes.size()) {
      out.push_back('\\');
      out.push_back(short_escapes[at + 1]);
    } else {
      const char escape[] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};
      out.append(escape, sizeof escape);
    }
  }
  out.append(text.substr(begin));
  out.push_back('"');
}

template <class Integer>
void ExtendedJsonWriter::integer(std::string_view name, Integer value, ExtendedJson form) {
  char text[24];
  const auto result = std::to_chars(text, text + sizeof text, value);
  const std::string_view digits(text, static_cast<std::size_t>(result.ptr - text));
  if (form == ExtendedJson::relaxed) return out_.append(digits);
  append_wrapped_text(name, digits, out_);
}

void ExtendedJsonWriter::real(double value) {
  const std::string text = double_text(value);
  if (form_ == ExtendedJson::relaxed && std::isfinite(value)) return out_.append(text);
  append_wrapped_text("$numberDouble", text, out_);
}

void ExtendedJsonWriter::date(std::int64_t milliseconds) {
  const bool as_text =
      form_ == ExtendedJson::relaxed && milliseconds >= 0 && milliseconds <= last_millisecond_of_year_9999;
  out_.append("{\"$date\":");
  if (as_text) {
    append_json_string(format_rfc3339_milliseconds(milliseconds), out_);
  } else {
    integer("$numberLong", milliseconds, ExtendedJson::canonical);
  }
  out_.push_back('}');
}

void ExtendedJsonWriter::string(std::string_view text) {
  if (text.data() == watched_) watched_at_ = out_.size() + 1;
  append_json_string(text, out_);
}

Result<void> ExtendedJsonWriter::document(std::string_view document) {
  depth_ = 0;
  return members(document, false);
}

Result<void> ExtendedJsonWriter::value(BsonType type, std::string_view value) {
  depth_ = 0;
  return member(type, value);
}

Result<void> ExtendedJsonWriter::members(std::string_view document, bool array) {
  const std::string_view elements = elements_of(document);
  if (elements.data() == nullptr) return poison("is no BSON document");
  if (depth_ > foreign_nesting_max) return poison("is nested in more than 200 documents and arrays");
  ++depth_;
  out_.push_back(array ? '[' : '{');
  BsonReader reader(elements);
  BsonElement element;
  for (bool first = true; reader.next(element); first = false) {
    if (!first) out_.push_back(',');
    if (!array) {
      append_json_string(element.name, out_);
      out_.push_back(':');
    }
    RETURN_IF_ERROR(member(element.type, element.value));
  }
  if (reader.damaged()) return poison("is no BSON document of known types");
  out_.push_back(array ? ']' : '}');
  --depth_;
  return {};
}

Result<void> ExtendedJsonWriter::member(BsonType type, std::string_view value) {
  switch (type) {
    case BsonType::string:
      string(string_text(value));
      break;
    case BsonType::int32:
      integer("$numberInt", load_little_endian<std::int32_t>(value), form_);
      break;
    case BsonType::int64:
      integer("$numberLong", load_little_endian<std::int64_t>(value), form_);
      break;
    case BsonType::real:
      real(load_little_endian<double>(value));
      break;
    case BsonType::decimal128:
      append_wrapped_text(
          "$numberDecimal",
          decimal128_text(load_little_endian<std::uint64_t>(value), load_little_endian<std::uint64_t>(value, 8)), out_);
      break;
    case BsonType::boolean:
      out_.append(value[0] != 0 ? "true" : "false");
      break;
    case BsonType::null:
      out_.append("null");
      break;
    case BsonType::binary:
      append_binary(value, out_);
      break;
    case BsonType::date:
      date(load_little_endian<std::int64_t>(value));
      break;
    case BsonType::object_id:
      append_object_id(value, out_);
      break;
    case BsonType::document:
      return members(value, false);
    case BsonType::array:
      return members(value, true);
    default:
      return poison("holds a BSON type that dynatlas does not write");
  }
  return {};
}

}  // namespace dynatlas
