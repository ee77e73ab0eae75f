// SPDX-License-Identifier: Apache-2.0
#include "transform/document.h"

#include <array>

#include "base/base64.h"
#include "change/limits.h"
#include "transform/fields.h"

namespace dynatlas {

namespace {

RecordFault fault_at(std::string path, std::string cause) {
  return {ErrorKind::poison, std::move(path), std::move(cause)};
}

// The record's key attributes in key-schema order.
struct OrderedKeys {
  std::array<const KeyAttribute*, 2> attributes{};
  std::size_t count = 0;
};

std::optional<RecordFault> order(const Record& record, const TableRules& rules, OrderedKeys& keys) {
  keys.count = record.keys.size();
  const std::vector<std::string>& names = rules.items.key;
  if (names.empty() && keys.count == 2) {
    return RecordFault{ErrorKind::usage, "Keys",
                       "holds two key attributes whose order nobody gave: say --key HASH,RANGE or key: [HASH, RANGE]"};
  }
  for (std::size_t i = 0; i < keys.count; ++i) keys.attributes[i] = &record.keys[i];
  if (names.empty() || record.keys_ordered) return std::nullopt;
  if (names.size() != keys.count)
    return fault_at("Keys", "holds another number of key attributes than --key or key: says");
  for (std::size_t i = 0; i < keys.count; ++i) {
    keys.attributes[i] = nullptr;
    for (const KeyAttribute& attribute : record.keys) {
      if (attribute.name == names[i]) keys.attributes[i] = &attribute;
    }
    if (keys.attributes[i] == nullptr) return fault_at("Keys", "holds other key attributes than --key or key: says");
  }
  return std::nullopt;
}

// A key attribute as text: strings as they are, numbers as DynamoDB prints them, binaries in base64.
std::string key_text(const KeyAttribute& key) {
  Number number;
  switch (key.type) {
    case BsonType::string:
      return std::string(string_text(key.value));
    case BsonType::int32:
      return std::to_string(load_little_endian<std::int32_t>(key.value));
    case BsonType::int64:
      return std::to_string(load_little_endian<std::int64_t>(key.value));
    case BsonType::decimal128:
      number_of_decimal128(load_little_endian<std::uint64_t>(key.value),
                           load_little_endian<std::uint64_t>(key.value, 8), number);
      return plain_text(number);
    default: {
      std::string text;
      base64_append(std::string_view(key.value).substr(5), text);
      return text;
    }
  }
}

std::string joined(const OrderedKeys& keys) {
  std::string text;
  for (std::size_t i = 0; i < keys.count; ++i) {
    if (i != 0) text += '|';
    for (const char c : key_text(*keys.attributes[i])) {
      if (c == '|' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text;
}

std::string as_document(const OrderedKeys& keys, const NameRules& names) {
  Buffer out;
  OpenDocument document(out);
  for (std::size_t i = 0; i < keys.count; ++i) {
    const KeyAttribute& key = *keys.attributes[i];
    append_element(out, key.type, escape_name(key.name, true, names), key.value);
  }
  document.close();
  return std::string(out.view());
}

}  // namespace

std::optional<RecordFault> Transformer::key(const Record& record, const TableRules& rules,
                                            std::optional<StoredKey>& key) {
  if (record.keys.empty()) return key.reset(), std::nullopt;
  OrderedKeys keys;
  if (auto fault = order(record, rules, keys)) return fault;
  const NameRules& names = rules.items.names;
  switch (rules.id) {
    case IdForm::string:
      key = StoredKey{BsonType::string, string_value(joined(keys))};
      break;
    case IdForm::objectid:
      for (std::size_t i = 0; i < keys.count; ++i) {
        const std::string& name = keys.attributes[i]->name;
        if (name.find('.') != std::string::npos)
          return fault_at(name,
                          "is a key attribute with a '.' in its name, which id: objectid cannot match by: use id: key");
      }
      key = StoredKey{BsonType::document, as_document(keys, names)};
      break;
    case IdForm::key:
      if (keys.count == 1) {
        if (!key) key.emplace();
        key->type = keys.attributes[0]->type;
        key->value = keys.attributes[0]->value;  // into the memory of the key before
      } else {
        key = StoredKey{BsonType::document, as_document(keys, names)};
      }
      break;
  }
  return std::nullopt;
}

std::string Transformer::key_fields(const Record& record, const TableRules& rules) const {
  Buffer out;
  for (const KeyAttribute& key : record.keys)
    append_element(out, key.type, escape_name(key.name, true, rules.items.names), key.value);
  return std::string(out.view());
}

void Transformer::append_metadata(const TableRules& rules, const Metadata& metadata, const std::vector<TypeTag>& types,
                                  Buffer& out) {
  const bool with_types = metadata.with_types && !types.empty();
  if (metadata.version == nullptr && !with_types && !metadata.deleted) return;
  begin_element(out, BsonType::document, rules.items.names.metadata);
  OpenDocument document(out);
  if (metadata.version != nullptr) {
    append_int64(out, "t", metadata.version->t);
    append_string_element(out, "s", metadata.version->s);
    const bool is_place = !metadata.version->s.empty() && metadata.version->s[0] == 'f';
    if (is_place) place_at_ = out.size() - place_size - 1;
  }
  if (with_types) {
    begin_element(out, BsonType::document, "types");
    OpenDocument tags(out);
    for (const TypeTag& tag : types) append_string_element(out, tag.path, tag.type);
    tags.close();
  }
  if (metadata.deleted) append_bool(out, "deleted", true);
  document.close();
}

std::optional<RecordFault> Transformer::document(const Record& record, const TableRules& rules, const StoredKey* key,
                                                 const Metadata* metadata, Buffer& out) {
  static const std::vector<TypeTag> none;
  std::string_view fields = record.image;
  unread_dates_ = 0;
  const std::vector<TypeTag>* types = record.types == nullptr ? &none : record.types;
  if (!rules.fields.empty()) {
    fields_.clear();
    types_.clear();
    FieldPass pass(rules, record.keys, *types, fields_, types_);
    if (auto fault = pass.run(fields)) return fault;
    unread_dates_ = pass.unread_dates();
    fields = fields_.view();
    types = &types_;
  }
  place_at_ = 0;
  const std::size_t begin = out.size();
  out.reserve_more(fields.size() + 256);
  OpenDocument document(out);
  if (key != nullptr && rules.id != IdForm::objectid) append_element(out, key->type, "_id", key->value);
  out.append(fields);
  if (metadata != nullptr) append_metadata(rules, *metadata, *types, out);
  document.close();
  if (out.size() - begin <= document_bytes_max) return std::nullopt;
  out.resize_to(begin);
  return fault_at({}, "makes a document larger than 16 MiB, which MongoDB cannot store");
}

}  // namespace dynatlas
