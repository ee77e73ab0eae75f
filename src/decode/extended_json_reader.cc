// SPDX-License-Identifier: Apache-2.0
#include "decode/extended_json_reader.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/base64.h"
#include "base/distinct_texts.h"
#include "base/field_name.h"
#include "base/time_text.h"
#include "change/bson.h"
#include "change/foreign_limits.h"
#include "change/number.h"
#include "decode/json.h"

namespace dynatlas {

namespace {

using json::skip_blanks;

constexpr std::string_view no_valid_json = "is no valid JSON";

// Of the binary encoding of IEEE 754-2008: the first coefficient that is too long, and what is added to an exponent.
constexpr unsigned __int128 decimal128_end =
    static_cast<unsigned __int128>(10'000'000'000'000'000) * 1'000'000'000'000'000'000;
constexpr int decimal128_bias = 6176;

// In this subtype, which no driver writes any more, a second length stands before the bytes.
constexpr std::uint8_t old_binary = 2;

// The number that the whole of `text` is.
template <class Integer>
std::optional<Integer> read_integer(std::string_view text) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Correctly rounded. Empty where the text is more than a number, or no double is near it. from_chars alone would take
// "inf" and "nan" in any case of letters, too.
std::optional<double> read_double(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  if (json::skip_number(text.c_str()) != end) return std::nullopt;
  if (std::from_chars(text.data(), end, value).ec != std::errc{}) return std::nullopt;
  return value;
}

std::optional<double> read_wrapped_double(std::string_view text) {
  if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
  if (text == "Infinity") return std::numeric_limits<double>::infinity();
  if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
  return read_double(std::string(text));
}

std::optional<std::uint8_t> read_hex_byte(std::string_view text) {
  std::uint8_t byte = 0;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, byte, 16);
  if (text.size() > 2 || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
  return byte;
}

class Reader {
 public:
  Reader(Buffer& out, RecordFault& fault) : out_(out), fault_(fault), begin_(out.size()) {}

  const char* document(const char* in) {
    if (*in != '{') return fail("is no document");
    return members(in, 0);
  }

 private:
  const char* fail(std::string_view cause) {
    fault_ = {ErrorKind::poison, path_, std::string(cause)};
    return nullptr;
  }

  // Lengthens the path while a value is read.
  class Segment {
   public:
    Segment(std::string& path, std::string_view name) : path_(path), size_(path.size()) {
      append_path_segment(path, name);
    }
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;
    ~Segment() { path_.resize(size_); }

   private:
    std::string& path_;
    std::size_t size_;
  };

  // --- documents and arrays
  // -------------------------------------------------------------------------------------------

  // `in` is at the opening brace.
  const char* members(const char* in, int depth) {
    OpenDocument document(out_);
    const DistinctTexts::Level names = names_.open();
    in = skip_blanks(in + 1);
    if (*in != '}') {
      do {
        if ((in = member(in, depth)) == nullptr) return nullptr;
      } while ((in = separate(in, '}')) != nullptr && *in != '}');
      if (in == nullptr) return nullptr;
    }
    if (!names_.close(names)) return fail("holds one name twice");
    document.close();
    return in + 1;
  }

  // `in` is at the opening bracket.
  const char* elements(const char* in, int depth) {
    OpenDocument array(out_);
    in = skip_blanks(in + 1);
    std::uint32_t index = 0;
    if (*in != ']') {
      do {
        const std::string name = std::to_string(index++);
        if ((in = named_value(in, name, depth)) == nullptr) return nullptr;
      } while ((in = separate(in, ']')) != nullptr && *in != ']');
      if (in == nullptr) return nullptr;
    }
    array.close();
    return in + 1;
  }

  // Behind a member or element: at the next one, or at `close`.
  const char* separate(const char* in, char close) {
    in = skip_blanks(in);
    if (*in == close) return in;
    if (*in != ',') return fail(no_valid_json);
    in = skip_blanks(in + 1);
    return *in == close ? fail(no_valid_json) : in;
  }

  const char* member(const char* in, int depth) {
    std::string_view name;
    in = json::read_string(in, name, name_scratch_);
    if (in == nullptr || (in = json::expect(in, ':')) == nullptr) return fail(no_valid_json);
    if (name.find('\0') != std::string_view::npos) return fail("holds a name with NUL, which BSON cannot store");
    if (name.starts_with('$')) return refuse_reserved(name);
    names_.add(name);
    return named_value(in, name, depth);
  }

  // `name` may refer to name_scratch_: it is used up before the value is read.
  const char* named_value(const char* in, std::string_view name, int depth) {
    const Segment segment(path_, name);
    const std::size_t type_at = out_.size();
    begin_element(out_, BsonType::null, name);
    in = value(in, type_at, depth);
    if (in != nullptr && out_.size() - begin_ > foreign_document_bytes_max) {
      return fail("makes the document larger than 16 MiB, which MongoDB does not store");
    }
    return in;
  }

  // --- values
  // ---------------------------------------------------------------------------------------------------------

  void set_type(std::size_t type_at, BsonType type) { out_.data()[type_at] = static_cast<std::uint8_t>(type); }

  template <class Value>
  const char* fixed(const char* in, std::size_t type_at, BsonType type, Value value) {
    set_type(type_at, type);
    out_.append(&value, sizeof value);  // little endian, as BSON is
    return in;
  }

  const char* value(const char* in, std::size_t type_at, int depth) {
    switch (*in) {
      case '{':
        return object(in, type_at, depth);
      case '[':
        if (depth == foreign_nesting_max) return refuse_depth();
        set_type(type_at, BsonType::array);
        return elements(in, depth + 1);
      case '"':
        return string(in, type_at);
      case 't':
        return word(in, "true") ? fixed(in + 4, type_at, BsonType::boolean, std::uint8_t{1}) : fail(no_valid_json);
      case 'f':
        return word(in, "false") ? fixed(in + 5, type_at, BsonType::boolean, std::uint8_t{0}) : fail(no_valid_json);
      case 'n':
        return word(in, "null") ? in + 4 : fail(no_valid_json);
      default:
        return number(in, type_at);
    }
  }

  const char* refuse_depth() { return fail("is nested in more than 200 documents and arrays"); }

  // The text's padding makes it safe to look this far ahead.
  static bool word(const char* in, std::string_view word) { return std::string_view(in, word.size()) == word; }

  const char* string(const char* in, std::size_t type_at) {
    std::string_view text;
    in = json::read_string(in, text, scratch_);
    if (in == nullptr) return fail(no_valid_json);
    set_type(type_at, BsonType::string);
    const auto length = static_cast<std::uint32_t>(text.size() + 1);
    out_.append(&length, sizeof length);
    out_.append(text);
    out_.push_back('\0');
    return in;
  }

  const char* integer(const char* in, std::size_t type_at, std::int64_t value) {
    const auto narrow = static_cast<std::int32_t>(value);
    if (narrow == value) return fixed(in, type_at, BsonType::int32, narrow);
    return fixed(in, type_at, BsonType::int64, value);
  }

  const char* number(const char* in, std::size_t type_at) {
    const char* behind = json::skip_number(in);
    if (behind == nullptr) return fail(no_valid_json);
    const std::string text(in, behind);
    if (text.find_first_of(".eE") == std::string::npos) {
      if (const auto value = read_integer<std::int64_t>(text)) return integer(behind, type_at, *value);
    }
    const auto value = read_double(text);
    if (!value) return fail("is a number that no double is near");
    return fixed(behind, type_at, BsonType::real, *value);
  }

  // --- wrapped values
  // -------------------------------------------------------------------------------------------------

  const char* object(const char* in, std::size_t type_at, int depth) {
    const char* at = skip_blanks(in + 1);
    if (*at == '"') {
      std::string_view name;
      at = json::read_string(at, name, name_scratch_);
      if (at == nullptr) return fail(no_valid_json);
      if (name.starts_with('$')) {
        at = json::expect(at, ':');
        return at == nullptr ? fail(no_valid_json) : wrapped(at, name, type_at);
      }
    }
    if (depth == foreign_nesting_max) return refuse_depth();
    set_type(type_at, BsonType::document);
    return members(in, depth + 1);
  }

  // dynatlas escapes a leading `$`, so such a name is never an attribute's.
  const char* refuse_reserved(std::string_view name) {
    return fail(fmt::format("holds `{}` of Extended JSON, for which DynamoDB has no type", name));
  }

  const char* wrapped(const char* in, std::string_view name, std::size_t type_at) {
    if (name == "$binary") return binary(in, type_at);
    if (name == "$date") return date(in, type_at);
    if (name == "$numberInt") return wrapped_text(in, type_at, &Reader::number_int);
    if (name == "$numberLong") return wrapped_text(in, type_at, &Reader::number_long);
    if (name == "$numberDouble") return wrapped_text(in, type_at, &Reader::number_double);
    if (name == "$numberDecimal") return wrapped_text(in, type_at, &Reader::number_decimal);
    if (name == "$oid") return wrapped_text(in, type_at, &Reader::object_id);
    return refuse_reserved(name);
  }

  const char* wrapped_text(const char* in, std::size_t type_at,
                           const char* (Reader::*read)(const char*, std::size_t, std::string_view)) {
    std::string_view text;
    in = json::read_string(in, text, scratch_);
    if (in == nullptr) return fail("is a wrapped value that is no string");
    in = (this->*read)(in, type_at, text);
    return in == nullptr ? nullptr : end_wrapper(in);
  }

  const char* end_wrapper(const char* in) {
    in = skip_blanks(in);
    return *in == '}' ? in + 1 : fail("is a wrapped value with something beside it");
  }

  const char* number_int(const char* in, std::size_t type_at, std::string_view text) {
    const auto value = read_integer<std::int32_t>(text);
    return value ? fixed(in, type_at, BsonType::int32, *value) : fail("is a $numberInt that is no 32-bit integer");
  }

  const char* number_long(const char* in, std::size_t type_at, std::string_view text) {
    const auto value = read_integer<std::int64_t>(text);
    return value ? fixed(in, type_at, BsonType::int64, *value) : fail("is a $numberLong that is no 64-bit integer");
  }

  const char* number_double(const char* in, std::size_t type_at, std::string_view text) {
    const auto value = read_wrapped_double(text);
    return value ? fixed(in, type_at, BsonType::real, *value) : fail("is a $numberDouble that is no double");
  }

  // By parse_number and never by libbson, which drops digits of some texts that begin with "0.".
  const char* number_decimal(const char* in, std::size_t type_at, std::string_view text) {
    Number number;
    if (const NumberFault fault = parse_number(text, number); fault != NumberFault::none) {
      return fail(fmt::format("is a $numberDecimal that {}", describe(fault)));
    }
    // Not by write_number, which makes integers of integers: a Decimal128 stays one.
    if (number.coefficient >= decimal128_end) return fail("is a $numberDecimal of more than 34 digits");
    out_.append(&number.coefficient, sizeof(std::uint64_t));
    const auto top = static_cast<std::uint64_t>(number.coefficient >> 64);
    const int exponent = number.exponent + decimal128_bias;  // 0 or more for every DynamoDB number
    const auto biased = static_cast<std::uint64_t>(exponent);
    return fixed(in, type_at, BsonType::decimal128, std::uint64_t{number.negative} << 63 | biased << 49 | top);
  }

  const char* object_id(const char* in, std::size_t type_at, std::string_view text) {
    bool valid = text.size() == 24;
    for (std::size_t i = 0; valid && i < 24; i += 2) {
      const auto byte = read_hex_byte(text.substr(i, 2));
      valid = byte.has_value();
      if (valid) out_.push_back(static_cast<char>(*byte));
    }
    set_type(type_at, BsonType::object_id);
    return valid ? in : fail("is an $oid of other than 24 hex digits");
  }

  // Reads `"name": "text"`; null where something else stands there.
  const char* text_member(const char* in, std::string& name, std::string& text) {
    std::string_view view;
    in = json::read_string(in, view, scratch_);
    if (in == nullptr || (in = json::expect(in, ':')) == nullptr) return nullptr;
    name = view;
    in = json::read_string(in, view, scratch_);
    text = view;
    return in == nullptr ? nullptr : skip_blanks(in);
  }

  // {"$date":{"$numberLong":"0"}} and {"$date":"1970-01-01T00:00:00Z"}; `in` is at the value.
  const char* date(const char* in, std::size_t type_at) {
    std::optional<std::int64_t> milliseconds;
    if (*in == '{') {
      std::string name;
      std::string text;
      in = text_member(skip_blanks(in + 1), name, text);
      if (in != nullptr && name == "$numberLong" && *in++ == '}') milliseconds = read_integer<std::int64_t>(text);
    } else {
      std::string_view text;
      in = json::read_string(in, text, scratch_);
      if (in != nullptr) milliseconds = parse_rfc3339(text);
      if (milliseconds) *milliseconds /= 1000;  // of microseconds
    }
    if (!milliseconds) return fail("is a $date that is neither a $numberLong nor an RFC 3339 time since 1970");
    return end_wrapper(fixed(in, type_at, BsonType::date, *milliseconds));
  }

  // {"$binary":{"base64":"..","subType":"00"}} and the older {"$binary":"..","$type":"00"}; `in` is at the value.
  const char* binary(const char* in, std::size_t type_at) {
    std::string base64;
    std::string subtype;
    in = *in == '{' ? binary_object(in, base64, subtype) : old_binary_members(in, base64, subtype);
    if (in == nullptr) return fail("is a $binary without base64 and subType, both as strings");
    const auto subtype_byte = read_hex_byte(subtype);
    if (!subtype_byte || *subtype_byte == old_binary) return fail("is a $binary whose subType dynatlas does not know");
    set_type(type_at, BsonType::binary);
    return append_binary(base64, *subtype_byte) ? end_wrapper(in) : fail("is a $binary that is no valid base64");
  }

  const char* binary_object(const char* in, std::string& base64, std::string& subtype) {
    std::string first;
    std::string second;
    in = text_member(skip_blanks(in + 1), first, base64);
    if (in == nullptr || *in != ',') return nullptr;
    in = text_member(skip_blanks(in + 1), second, subtype);
    if (in == nullptr || *in != '}') return nullptr;
    if (first == "subType" && second == "base64") {
      std::swap(base64, subtype);
    } else if (first != "base64" || second != "subType") {
      return nullptr;
    }
    return in + 1;
  }

  const char* old_binary_members(const char* in, std::string& base64, std::string& subtype) {
    std::string_view text;
    in = json::read_string(in, text, scratch_);
    if (in == nullptr) return nullptr;
    base64 = text;
    std::string name;
    if ((in = json::expect(in, ',')) == nullptr) return nullptr;
    in = text_member(in, name, subtype);
    return name == "$type" ? in : nullptr;
  }

  bool append_binary(std::string_view base64, std::uint8_t subtype) {
    const std::size_t begin = out_.size();
    out_.reserve_more(5 + base64_decoded_room(base64.size()));
    const std::size_t decoded = base64_decode(base64, out_.end() + 5);
    if (decoded == base64_invalid) return false;
    const auto length = static_cast<std::uint32_t>(decoded);
    out_.append(&length, sizeof length);
    out_.append(&subtype, 1);
    out_.resize_to(begin + 5 + decoded);
    return true;
  }

  Buffer& out_;
  RecordFault& fault_;
  std::size_t begin_;
  std::string path_;
  std::string scratch_;
  std::string name_scratch_;
  DistinctTexts names_;
};

}  // namespace

const char* read_extended_json(const char* in, Buffer& out, RecordFault& fault) {
  const std::size_t begin = out.size();
  in = Reader(out, fault).document(in);
  if (in == nullptr) out.resize_to(begin);
  return in;
}

}  // namespace dynatlas
