// SPDX-License-Identifier: Apache-2.0
#include "target/dead_letter.h"

#include <fmt/format.h>

#include <map>

#include "target/stored_document.h"

namespace dynatlas {

namespace {

std::string binary_value(std::string_view bytes) {
  const auto length = static_cast<std::int32_t>(bytes.size());
  std::string value(reinterpret_cast<const char*>(&length), sizeof length);
  value += '\0';
  value += bytes;
  return value;
}

void append_version(Buffer& out, std::string_view name, const std::optional<Version>& version) {
  if (!version) return append_element(out, BsonType::null, name, {});
  begin_element(out, BsonType::document, name);
  OpenDocument fields(out);
  append_int64(out, "t", version->t);
  append_string_element(out, "s", version->s);
  fields.close();
}

// The members of a letter that is read back.
class Members {
 public:
  explicit Members(std::string_view letter) : letter_(letter) {}

  Result<void> read() {
    const std::string_view elements = elements_of(letter_);
    BsonReader reader(elements);
    BsonElement element;
    while (reader.next(element)) by_name_.insert_or_assign(element.name, element);
    if (elements.data() == nullptr || reader.damaged()) return poison("is damaged: it is no BSON document");
    return {};
  }

  bool has(std::string_view name) const { return by_name_.contains(name); }

  Result<std::string_view> value(std::string_view name, BsonType type) const {
    const auto found = by_name_.find(name);
    if (found == by_name_.end() || found->second.type != type) return damaged(name);
    return found->second.value;
  }

  Result<std::string> text(std::string_view name) const {
    ASSIGN_OR_RETURN(const std::string_view bytes, value(name, BsonType::string));
    return std::string(string_text(bytes));
  }

  // A number that MongoDB may have made an int64 by counting it up.
  Result<std::int64_t> number(std::string_view name) const {
    if (auto small = value(name, BsonType::int32)) return load_little_endian<std::int32_t>(*small);
    ASSIGN_OR_RETURN(const std::string_view bytes, value(name, BsonType::int64));
    return load_little_endian<std::int64_t>(bytes);
  }

  Result<std::optional<Version>> version(std::string_view name) const {
    if (value(name, BsonType::null)) return std::optional<Version>();
    ASSIGN_OR_RETURN(StoredState state, stored_state(letter_, name));
    if (!state.version) return damaged(name);
    return std::move(state.version);
  }

  Result<std::optional<StoredKey>> key() const {
    for (const BsonType type : {BsonType::string, BsonType::int32, BsonType::int64, BsonType::decimal128,
                                BsonType::binary, BsonType::document}) {
      if (auto found = value("key", type)) return StoredKey{type, std::string(*found)};
    }
    RETURN_IF_ERROR(value("key", BsonType::null));
    return std::optional<StoredKey>();
  }

 private:
  static Error damaged(std::string_view name) {
    return poison(fmt::format("is damaged: its `{}` is missing or of another type", name));
  }

  std::string_view letter_;
  std::map<std::string_view, BsonElement> by_name_;
};

Result<ParkedRecord> read_record(const Members& members) {
  ParkedRecord record;
  ASSIGN_OR_RETURN(record.id, members.text("_id"));
  ASSIGN_OR_RETURN(record.table, members.text("table"));
  ASSIGN_OR_RETURN(record.to, members.text("to"));
  ASSIGN_OR_RETURN(record.key, members.key());
  ASSIGN_OR_RETURN(record.version, members.version("version"));
  ASSIGN_OR_RETURN(record.position, members.text("position"));
  ASSIGN_OR_RETURN(record.cause, members.text("cause"));
  if (members.has("form")) {
    ASSIGN_OR_RETURN(record.form, members.text("form"));
  }
  ASSIGN_OR_RETURN(const std::string_view binary, members.value("record", BsonType::binary));
  record.record = binary.substr(5);
  ASSIGN_OR_RETURN(const std::int64_t size, members.number("record_size"));
  record.record_size = static_cast<std::uint64_t>(size);
  if (record.record_size < record.record.size()) return poison("is damaged: its record is longer than its size says");
  ASSIGN_OR_RETURN(record.record_sha256, members.text("record_sha256"));
  return record;
}

}  // namespace

Result<DeadLetter> read_dead_letter(std::string_view id, std::string_view letter) {
  Members members(letter);
  RETURN_IF_ERROR(members.read());
  ASSIGN_OR_RETURN(const std::int64_t format, members.number("format"));
  if (format > dead_letter_format) {
    return fatal(fmt::format("has format {}, which is newer than this program's {}: use a newer dynatlas", format,
                             dead_letter_format));
  }
  DeadLetter read;
  ASSIGN_OR_RETURN(read.record, read_record(members));
  if (read.record.id != id) return poison("is damaged: its `_id` is another than it stands under");
  ASSIGN_OR_RETURN(read.tombstone, members.version("tombstone"));
  ASSIGN_OR_RETURN(const std::string_view at, members.value("at", BsonType::date));
  read.at_milliseconds = load_little_endian<std::int64_t>(at);
  ASSIGN_OR_RETURN(read.attempts, members.number("attempts"));
  return read;
}

std::string dead_letter(const ParkedRecord& record, const std::optional<Version>& tombstone,
                        std::int64_t at_milliseconds) {
  Buffer out;
  OpenDocument letter(out);
  append_string_element(out, "_id", record.id);
  append_int32(out, "format", dead_letter_format);
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
  append_string_element(out, "form", record.form);
  append_element(out, BsonType::binary, "record", binary_value(record.record));
  append_int64(out, "record_size", static_cast<std::int64_t>(record.record_size));
  append_string_element(out, "record_sha256", record.record_sha256);
  append_date(out, "at", at_milliseconds);
  append_int32(out, "attempts", 1);
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
      append_int32(out, "attempts", load_little_endian<std::int32_t>(element.value) + 1);
    } else {
      append_element(out, element.type, element.name, element.value);
    }
  }
  copy.close();
  return std::string(out.view());
}

}  // namespace dynatlas
