// SPDX-License-Identifier: Apache-2.0
#include "decode/item_text.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>

#include "base/base64.h"
#include "base/field_name.h"
#include "change/foreign_limits.h"
#include "change/number.h"
#include "decode/extended_json.h"

namespace dynatlas {

namespace {

constexpr std::string_view damaged = "holds what is no BSON of a known type, or a length that is wrong";

// In this subtype, which no driver writes any more, a second length stands before the bytes.
constexpr char old_binary = 2;

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

// What a type is called where DynamoDB has none for it.
std::string_view foreign_type(BsonType type) {
  switch (static_cast<std::uint8_t>(type)) {
    case 0x06:
      return "an undefined value";
    case 0x0B:
      return "a regular expression";
    case 0x0C:
      return "a DBPointer";
    case 0x0D:
    case 0x0F:
      return "JavaScript code";
    case 0x0E:
      return "a symbol";
    case 0x11:
      return "a timestamp";
    case 0x7F:
      return "a MaxKey";
    case 0xFF:
      return "a MinKey";
    default:
      return "a value";
  }
}

std::string refusal(BsonType type) {
  if (type == BsonType::date) {
    return "is a date, for which DynamoDB has no type: convert documents made without `fields: {dates: ..}`, or store "
           "the field as a number or string first";
  }
  const std::string_view name = type == BsonType::object_id ? "an ObjectId" : foreign_type(type);
  return fmt::format(
      "is {}, for which DynamoDB has no type: leave the field out or store it as a string or binary first", name);
}

}  // namespace

bool ItemTextWriter::write(std::string_view document, Buffer& out) {
  const std::size_t begin = out.size();
  out_ = &out;
  path_.clear();
  tags_.clear();
  distinct_.clear();
  deleted_ = false;
  const std::string_view elements = elements_of(document);
  if (elements.data() == nullptr || document.back() != '\0') return fail("is no BSON document");
  const bool written = read_metadata(elements) && (deleted_ || members(elements, 0));
  if (!written) out.resize_to(begin);
  return written;
}

bool ItemTextWriter::fail(std::string_view cause) {
  fault_ = {ErrorKind::poison, path_, std::string(cause)};
  return false;
}

// --- the metadata field

bool ItemTextWriter::read_metadata(std::string_view elements) {
  BsonReader reader(elements);
  BsonElement element;
  const BsonElement* field = nullptr;
  BsonElement found;
  while (reader.next(element)) {
    if (element.name != metadata_) continue;
    if (field != nullptr) return fail(fmt::format("holds `{}` twice", metadata_));
    found = element;
    field = &found;
  }
  if (reader.damaged()) return fail(damaged);
  return field == nullptr || read_metadata_field(*field);
}

bool ItemTextWriter::read_metadata_field(const BsonElement& field) {
  path_ = metadata_;
  if (field.type != BsonType::document) return fail("is the metadata field and no document");
  BsonReader reader(elements_of(field.value));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name == "deleted") deleted_ = element.type == BsonType::boolean && element.value[0] != 0;
    if (element.name == "types" && !read_types(element)) return false;
  }
  if (reader.damaged()) return fail(damaged);
  path_.clear();
  return true;
}

bool ItemTextWriter::read_types(const BsonElement& types) {
  path_ += ".types";
  if (types.type != BsonType::document) return fail("is no document");
  BsonReader reader(elements_of(types.value));
  BsonElement element;
  while (reader.next(element)) {
    const std::string_view text = element.type == BsonType::string ? string_text(element.value) : "";
    const Tag tag = text == "SS"   ? Tag::ss
                    : text == "NS" ? Tag::ns
                    : text == "BS" ? Tag::bs
                    : text == "N"  ? Tag::n
                                   : Tag::none;
    if (tag == Tag::none) return fail("holds a type other than SS, NS, BS and N");
    tags_.emplace_back(element.name, tag);
  }
  if (reader.damaged()) return fail(damaged);
  std::sort(tags_.begin(), tags_.end());
  path_.resize(metadata_.size());
  return true;
}

ItemTextWriter::Tag ItemTextWriter::tag_here() const {
  if (tags_.empty()) return Tag::none;
  const auto found = std::lower_bound(tags_.begin(), tags_.end(), std::pair(std::string_view(path_), Tag::none));
  return found != tags_.end() && found->first == path_ ? found->second : Tag::none;
}

// --- maps and names

bool ItemTextWriter::members(std::string_view elements, int depth) {
  const DistinctTexts::Level names = distinct_.open();
  BsonReader reader(elements);
  BsonElement element;
  out_->push_back('{');
  bool first = true;
  while (reader.next(element)) {
    if (depth == 0 && (element.name == "_id" || element.name == metadata_)) continue;
    if (!first) out_->push_back(',');
    first = false;
    if (!member(element, depth)) return false;
  }
  if (reader.damaged()) return fail(damaged);
  if (!distinct_.close(names)) return fail("holds one attribute name twice");
  out_->push_back('}');
  return true;
}

bool ItemTextWriter::member(const BsonElement& element, int depth) {
  const std::size_t path_size = path_.size();
  append_path_segment(path_, element.name);
  if (!name(element.name)) return false;
  out_->push_back(':');
  if (!value(element, depth)) return false;
  path_.resize(path_size);
  return true;
}

bool ItemTextWriter::name(std::string_view stored) {
  if (stored.find('%') != std::string_view::npos) {
    scratch_ = unescape_name(stored);
    stored = scratch_;
  }
  // Behind the unescaping, because `%FF` in a name that dynatlas did not escape makes a byte that no UTF-8 holds.
  if (!is_utf8(stored)) return fail("has a name that is no valid UTF-8");
  distinct_.add(stored);
  append_json_string(stored, *out_);
  return true;
}

// --- values

bool ItemTextWriter::value(const BsonElement& element, int depth) {
  switch (element.type) {
    case BsonType::string:
      return tag_here() == Tag::n ? number(element) : string(string_text(element.value));
    case BsonType::int32:
    case BsonType::int64:
    case BsonType::real:
    case BsonType::decimal128:
      return number(element);
    case BsonType::binary:
      out_->append("{\"B\":");
      if (!binary(element.value)) return false;
      out_->push_back('}');
      return true;
    case BsonType::boolean:
      out_->append(element.value[0] != 0 ? "{\"BOOL\":true}" : "{\"BOOL\":false}");
      return true;
    case BsonType::null:
      out_->append("{\"NULL\":true}");
      return true;
    case BsonType::document:
      return map(element.value, depth);
    case BsonType::array:
      return array(element.value, depth);
    default:
      return fail(refusal(element.type));
  }
}

bool ItemTextWriter::string(std::string_view text) {
  if (!is_utf8(text)) return fail("is a string that is no valid UTF-8");
  out_->append("{\"S\":");
  append_json_string(text, *out_);
  out_->push_back('}');
  return true;
}

void ItemTextWriter::append_quoted(std::string_view plain) {
  out_->push_back('"');
  out_->append(plain);
  out_->push_back('"');
}

bool ItemTextWriter::number(const BsonElement& element) {
  if (!number_text(element, scratch_)) return false;
  out_->append("{\"N\":");
  append_quoted(scratch_);
  out_->push_back('}');
  return true;
}

// One number has one text, of whatever type it is.
bool ItemTextWriter::number_text(const BsonElement& element, std::string& text) {
  Number number;
  NumberFault fault = NumberFault::none;
  switch (element.type) {
    case BsonType::int32:
      text = std::to_string(load_little_endian<std::int32_t>(element.value));
      return true;
    case BsonType::int64:
      text = std::to_string(load_little_endian<std::int64_t>(element.value));
      return true;
    case BsonType::real:
      fault = number_of_double(load_little_endian<double>(element.value), number);
      break;
    case BsonType::decimal128:
      fault = number_of_decimal128(load_little_endian<std::uint64_t>(element.value),
                                   load_little_endian<std::uint64_t>(element.value, 8), number);
      break;
    case BsonType::string:
      fault = parse_number(string_text(element.value), number);
      break;
    default:
      return fail("is a set of numbers with a member that is none");
  }
  if (fault != NumberFault::none) return fail(fmt::format("is no number that DynamoDB holds: it {}", describe(fault)));
  text = plain_text(number);
  return true;
}

bool ItemTextWriter::binary(std::string_view value) {
  if (value[4] == old_binary) return fail("is a binary of the old subtype 2: store it with subtype 0 first");
  scratch_.clear();
  base64_append(value.substr(5), scratch_);
  append_quoted(scratch_);
  return true;
}

bool ItemTextWriter::map(std::string_view document, int depth) {
  if (depth == foreign_nesting_max) return fail("is nested in more than 200 documents and arrays");
  out_->append("{\"M\":");
  if (!members(elements_of(document), depth + 1)) return false;
  out_->push_back('}');
  return true;
}

// --- lists and sets

bool ItemTextWriter::array(std::string_view document, int depth) {
  if (depth == foreign_nesting_max) return fail("is nested in more than 200 documents and arrays");
  const Tag tag = tag_here();
  const std::string_view elements = elements_of(document);
  return tag == Tag::none || tag == Tag::n ? list(elements, depth) : set(elements, tag);
}

// Calls `read` for each element, with commas between and the position in the path: the names in an array are anybody's.
template <class Read>
bool ItemTextWriter::each_element(std::string_view elements, Read read) {
  const std::size_t path_size = path_.size();
  BsonReader reader(elements);
  BsonElement element;
  for (std::uint32_t index = 0; reader.next(element); ++index) {
    if (index != 0) out_->push_back(',');
    append_path_segment(path_, fmt::format_int(index).c_str());
    if (!read(element)) return false;
    path_.resize(path_size);
  }
  return !reader.damaged() || fail(damaged);
}

bool ItemTextWriter::list(std::string_view elements, int depth) {
  out_->append("{\"L\":[");
  if (!each_element(elements, [&](const BsonElement& element) { return value(element, depth + 1); })) return false;
  out_->append("]}");
  return true;
}

bool ItemTextWriter::set(std::string_view elements, Tag tag) {
  if (elements.empty()) return fail("is an empty set, which DynamoDB does not have");
  const DistinctTexts::Level members = distinct_.open();
  out_->append(tag == Tag::ss ? "{\"SS\":[" : tag == Tag::ns ? "{\"NS\":[" : "{\"BS\":[");
  if (!each_element(elements, [&](const BsonElement& element) { return set_member(element, tag); })) return false;
  if (!distinct_.close(members)) return fail("is a set that holds one member twice");
  out_->append("]}");
  return true;
}

bool ItemTextWriter::set_member(const BsonElement& element, Tag tag) {
  if (tag == Tag::ns) {
    if (!number_text(element, scratch_)) return false;
    distinct_.add(scratch_);
    append_quoted(scratch_);
    return true;
  }
  if (tag == Tag::bs) {
    if (element.type != BsonType::binary) return fail("is a set of binaries with a member that is none");
    distinct_.add(element.value.substr(5));
    return binary(element.value);
  }
  if (element.type != BsonType::string) return fail("is a set of strings with a member that is none");
  const std::string_view text = string_text(element.value);
  if (!is_utf8(text)) return fail("is a string that is no valid UTF-8");
  distinct_.add(text);
  append_json_string(text, *out_);
  return true;
}

}  // namespace dynatlas
