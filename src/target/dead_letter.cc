// SPDX-License-Identifier: Apache-2.0
#include "target/dead_letter.h"

namespace dynatlas {

namespace {

template <class Integer>
std::string bytes_of(Integer value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string binary_value(std::string_view bytes) {
  return bytes_of(static_cast<std::int32_t>(bytes.size())) + '\0' + std::string(bytes);
}

void append_version(Buffer& out, std::string_view name, const std::optional<Version>& version) {
  if (!version) return append_element(out, BsonType::null, name, {});
  begin_element(out, BsonType::document, name);
  OpenDocument fields(out);
  append_element(out, BsonType::int64, "t", bytes_of(version->t));
  append_string_element(out, "s", version->s);
  fields.close();
}

}  // namespace

std::string dead_letter(const ParkedRecord& record, const std::optional<Version>& tombstone,
                        std::int64_t at_milliseconds) {
  Buffer out;
  OpenDocument letter(out);
  append_string_element(out, "_id", record.id);
  append_element(out, BsonType::int32, "format", bytes_of(std::int32_t{1}));
  append_string_element(out, "table", record.table);
  append_string_element(out, "to", record.to);
  if (record.key) {
    append_element(out, record.key->type, "key", record.key->value);
  } else {
    append_element(out, BsonType::null, "key", {});
  }
  append_version(out, "version", record.version);
  append_version(out, "tombstone", tombstone);
  append_string_element(out, "position", record.position);
  append_string_element(out, "cause", record.cause);
  append_element(out, BsonType::binary, "record", binary_value(record.record));
  append_element(out, BsonType::int64, "record_size", bytes_of(static_cast<std::int64_t>(record.record_size)));
  append_string_element(out, "record_sha256", record.record_sha256);
  append_element(out, BsonType::date, "at", bytes_of(at_milliseconds));
  append_element(out, BsonType::int32, "attempts", bytes_of(std::int32_t{1}));
  letter.close();
  return std::string(out.view());
}

std::string tried_again(std::string_view letter) {
  Buffer out;
  OpenDocument copy(out);
  BsonReader reader(elements_of(letter));
  BsonElement element;
  while (reader.next(element)) {
    if (element.name == "attempts" && element.type == BsonType::int32) {
      append_element(out, BsonType::int32, "attempts", bytes_of(load_little_endian<std::int32_t>(element.value) + 1));
    } else {
      append_element(out, element.type, element.name, element.value);
    }
  }
  copy.close();
  return std::string(out.view());
}

}  // namespace dynatlas
