// SPDX-License-Identifier: Apache-2.0
#include "target/stored_document.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <limits>

#include "change/number.h"

namespace dynatlas {

namespace {

// MongoDB compares a double with a Decimal128 by the 34 digits nearest to the double, not by its shortest text: 0.5 is
// equal to the decimal 0.5, 0.1 is not.
NumberFault number_as_compared(double value, Number& number) {
  return std::isfinite(value) ? parse_number(fmt::format("{:.33e}", value), number) : NumberFault::not_a_number;
}

// Numbers that MongoDB takes for one key have one form here.
StoredKey canonical(BsonType type, std::string_view value) {
  Number number;
  NumberFault fault = NumberFault::not_a_number;
  if (type == BsonType::int32) {
    fault = parse_number(std::to_string(load_little_endian<std::int32_t>(value)), number);
  } else if (type == BsonType::int64) {
    fault = parse_number(std::to_string(load_little_endian<std::int64_t>(value)), number);
  } else if (type == BsonType::decimal128) {
    fault = number_of_decimal128(load_little_endian<std::uint64_t>(value), load_little_endian<std::uint64_t>(value, 8),
                                 number);
  } else if (type == BsonType::real) {
    fault = number_as_compared(load_little_endian<double>(value), number);
  } else if (type == BsonType::document) {
    Buffer out;
    OpenDocument document(out);
    BsonReader reader(elements_of(value));
    BsonElement element;
    while (reader.next(element)) {
      const StoredKey inner = canonical(element.type, element.value);
      append_element(out, inner.type, element.name, inner.value);
    }
    document.close();
    return {type, std::string(out.view())};
  }
  if (fault != NumberFault::none) return {type, std::string(value)};
  std::uint8_t bytes[number_bytes_max];
  const WrittenNumber written = write_number(number, NumberPolicy::key, bytes);
  return {written.type, {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(written.end - bytes)}};
}

// A time as a number of any type, for a shell stores what it is given as a double: rounded up, so that what MongoDB
// takes for newer than a whole number is newer here. What is no number (NaN) is newest: no filter takes it for older.
std::optional<std::int64_t> time_in(const BsonElement& element) {
  constexpr double least = -9.2e18;
  constexpr double most = 9.2e18;
  double time = 0;
  Number number;
  switch (element.type) {
    case BsonType::int64:
      return load_little_endian<std::int64_t>(element.value);
    case BsonType::int32:
      return load_little_endian<std::int32_t>(element.value);
    case BsonType::real:
      time = load_little_endian<double>(element.value);
      break;
    case BsonType::decimal128:
      time = number_of_decimal128(load_little_endian<std::uint64_t>(element.value),
                                  load_little_endian<std::uint64_t>(element.value, 8), number) == NumberFault::none
                 ? std::strtod(plain_text(number).c_str(), nullptr)
                 : std::numeric_limits<double>::quiet_NaN();
      break;
    default:
      return std::nullopt;
  }
  if (std::isnan(time) || time > most) return std::numeric_limits<std::int64_t>::max();
  return time < least ? std::numeric_limits<std::int64_t>::min() : static_cast<std::int64_t>(std::ceil(time));
}

std::optional<Version> version_of(const std::optional<BsonElement>& t, const std::optional<BsonElement>& s) {
  if (!t || !s || s->type != BsonType::string) return std::nullopt;
  const std::optional<std::int64_t> time = time_in(*t);
  if (!time) return std::nullopt;
  return Version{*time, std::string(string_text(s->value))};
}

}  // namespace

std::optional<Version> version_in(std::string_view document) {
  return version_of(find_element(document, "t"), find_element(document, "s"));
}

Result<StoredState> stored_state(std::string_view document, std::string_view metadata_name) {
  StoredState state;
  BsonReader reader(elements_of(document));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name != metadata_name || element.type != BsonType::document) continue;
    state.has_metadata = true;
    state.version = version_in(element.value);
  }
  if (reader.damaged() || elements_of(document).data() == nullptr) return poison("is no BSON document of known types");
  return state;
}

Result<StoredKey> key_of_document(std::string_view document, const std::vector<std::string>& fields) {
  if (fields.empty()) {
    const auto id = id_of(document);
    if (!id) return fatal("holds a document without `_id`");
    return canonical(id->type, id->value);
  }
  Buffer out;
  OpenDocument key(out);
  for (const std::string& name : fields) {
    const auto field = find_element(document, name);
    if (!field) return fatal("holds a document without the key attribute `" + name + "`");
    const StoredKey value = canonical(field->type, field->value);
    append_element(out, value.type, name, value.value);
  }
  key.close();
  return StoredKey{BsonType::document, std::string(out.view())};
}

std::vector<std::string> names_in(std::string_view document) {
  std::vector<std::string> names;
  BsonReader reader(elements_of(document));
  BsonElement element;
  while (reader.next(element)) names.emplace_back(element.name);
  return names;
}

std::optional<BsonElement> id_of(std::string_view document) { return find_element(document, "_id"); }

std::string with_id(std::string_view document, BsonType type, std::string_view id) {
  Buffer out;
  OpenDocument copy(out);
  append_element(out, type, "_id", id);
  BsonReader reader(elements_of(document));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name != "_id") append_element(out, element.type, element.name, element.value);
  }
  copy.close();
  return std::string(out.view());
}

std::string with_metadata_field(std::string_view document, std::string_view metadata_name) {
  if (find_element(document, metadata_name)) return std::string(document);
  Buffer out;
  OpenDocument copy(out);
  out.append(elements_of(document));
  begin_element(out, BsonType::document, metadata_name);
  OpenDocument(out).close();
  copy.close();
  return std::string(out.view());
}

std::string soft_deleted(std::string_view document, const Version& version, std::string_view metadata_name) {
  Buffer out;
  OpenDocument copy(out);
  std::optional<BsonElement> metadata;
  BsonReader reader(elements_of(document));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name == metadata_name) {
      metadata = element;
    } else {
      append_element(out, element.type, element.name, element.value);
    }
  }
  begin_element(out, BsonType::document, metadata_name);
  OpenDocument fields(out);
  append_int64(out, "t", version.t);
  append_string_element(out, "s", version.s);
  if (metadata) {
    if (const auto types = find_element(metadata->value, "types"))
      append_element(out, types->type, "types", types->value);
  }
  append_bool(out, "deleted", true);
  fields.close();
  copy.close();
  return std::string(out.view());
}

}  // namespace dynatlas
