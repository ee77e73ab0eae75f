// SPDX-License-Identifier: Apache-2.0
#include "simulation/update.h"

#include <algorithm>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "base/buffer.h"
#include "change/bson.h"
#include "change/limits.h"
#include "simulation/filter.h"
#include "simulation/value.h"
#include "target/stored_document.h"

namespace dynatlas::simulation {

namespace {

constexpr std::int32_t failed_to_parse = 9;
constexpr std::int32_t type_mismatch = 14;
constexpr std::int32_t path_not_viable = 28;
constexpr std::int32_t dollar_prefixed_field = 52;
constexpr std::int32_t invalid_id_field = 53;
constexpr std::int32_t immutable_field = 66;
constexpr std::int32_t result_too_large = 17419;
constexpr std::int32_t upsert_too_large = 17420;

constexpr std::string_view empty_document{"\5\0\0\0\0", 5};

using Path = std::vector<std::string_view>;

Path split(std::string_view path) {
  Path parts;
  for (;;) {
    const std::size_t dot = path.find('.');
    parts.push_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return parts;
    path.remove_prefix(dot + 1);
  }
}

bool is_nest(const BsonElement& element) {
  return element.type == BsonType::document || element.type == BsonType::array;
}

// Appends the document with `value` at the path (or nothing there), whose parents are made where they are absent. False
// where a parent is neither a document nor an array.
bool append_changed(Buffer& out, std::string_view document, std::span<const std::string_view> path,
                    const std::optional<BsonElement>& value) {
  OpenDocument open(out);
  bool found = false;
  bool viable = true;
  BsonReader reader(elements_of(document));
  for (BsonElement element; reader.next(element);) {
    if (found || element.name != path[0] || (!value && path.size() > 1 && !is_nest(element))) {
      append_element(out, element.type, element.name, element.value);
      continue;
    }
    found = true;
    if (path.size() == 1) {
      if (value) append_element(out, value->type, path[0], value->value);
      continue;
    }
    viable = is_nest(element);
    if (!viable) break;
    begin_element(out, element.type, element.name);
    viable = append_changed(out, element.value, path.subspan(1), value);
  }
  if (!found && value && path.size() == 1) append_element(out, value->type, path[0], value->value);
  if (!found && value && path.size() > 1) {
    begin_element(out, BsonType::document, path[0]);
    append_changed(out, empty_document, path.subspan(1), value);
  }
  open.close();
  return viable;
}

struct Modification {
  Path path;
  std::string_view name;
  std::string_view op;
  BsonElement operand;
};

std::vector<Modification> modifications_in(std::string_view update) {
  std::vector<Modification> all;
  BsonReader operators(elements_of(update));
  for (BsonElement op; operators.next(op);) {
    BsonReader fields(elements_of(op.value));
    for (BsonElement field; fields.next(field);) all.push_back({split(field.name), field.name, op.name, field});
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Modification& a, const Modification& b) { return a.path < b.path; });
  return all;
}

std::int64_t integer_of(const BsonElement& value) {
  return value.type == BsonType::int32 ? load_little_endian<std::int32_t>(value.value)
                                       : load_little_endian<std::int64_t>(value.value);
}

bool is_integer(const BsonElement& value) { return value.type == BsonType::int32 || value.type == BsonType::int64; }

// The sum, as wide as the wider of the two; its bytes lie in `bytes`.
std::optional<BsonElement> sum(const BsonElement& a, const BsonElement& b, std::string& bytes) {
  if (!is_integer(a) || !is_integer(b)) return std::nullopt;
  const std::int64_t total = integer_of(a) + integer_of(b);
  const bool narrow = a.type == BsonType::int32 && b.type == BsonType::int32;
  bytes.assign(reinterpret_cast<const char*>(&total), narrow ? 4 : 8);
  return BsonElement{narrow ? BsonType::int32 : BsonType::int64, "", bytes};
}

Updated modified(std::string document, const Modification& modification, bool inserts) {
  std::optional<BsonElement> value = modification.operand;
  std::string bytes;
  if (modification.op == "$setOnInsert") {
    if (!inserts) return {0, std::move(document)};
  } else if (modification.op == "$unset") {
    value.reset();
  } else if (modification.op == "$inc") {
    const auto there = values_at(document, modification.name);
    if (!there.empty()) value = sum(there[0], modification.operand, bytes);
    if (!value) return {type_mismatch, {}};
  } else if (modification.op != "$set") {
    throw std::invalid_argument("an update's operator is not known: " + std::string(modification.op));
  }
  Buffer out;
  if (!append_changed(out, document, modification.path, value)) return {path_not_viable, {}};
  return {0, std::string(out.view())};
}

Updated modified_by_all(std::string document, std::string_view update, bool inserts) {
  Updated result{0, std::move(document)};
  for (const Modification& modification : modifications_in(update)) {
    result = modified(std::move(result.document), modification, inserts);
    if (result.code != 0) return result;
  }
  return result;
}

bool is_replacement(std::string_view update) {
  BsonReader reader(elements_of(update));
  BsonElement first;
  return !reader.next(first) || !first.name.starts_with('$');
}

bool is_known_operator(std::string_view update) {
  BsonReader reader(elements_of(update));
  BsonElement first;
  reader.next(first);
  return first.type == BsonType::document;  // operators take documents; {"$x": 5} is somebody's field
}

bool has_dollar_field(std::string_view document) {
  BsonReader reader(elements_of(document));
  for (BsonElement element; reader.next(element);)
    if (element.name.starts_with('$')) return true;
  return false;
}

std::int32_t fault_of(std::string_view document, std::int32_t too_large) {
  if (document.size() > document_bytes_max) return too_large;
  const auto id = id_of(document);
  if (id && id->type == BsonType::array) return invalid_id_field;
  if (id && id->type == BsonType::document && has_dollar_field(id->value)) return dollar_prefixed_field;
  return has_dollar_field(document) ? dollar_prefixed_field : 0;
}

// With `id` in front, which must be what the document has already.
Updated identified(std::string_view document, const BsonElement& id) {
  const auto own = id_of(document);
  if (!own) return {0, with_id(document, id.type, id.value)};
  if (compare_values(*own, id) != 0) return {immutable_field, {}};
  return {0, with_id(document, own->type, own->value)};
}

Updated checked(Updated result, std::int32_t too_large) {
  if (result.code == 0) result.code = fault_of(result.document, too_large);
  return result;
}

std::string equalities_of(std::string_view filter) {
  std::string document(empty_document);
  for_each_equality(filter, [&](std::string_view path, const BsonElement& value) {
    Buffer out;
    append_changed(out, document, split(path), value);
    document = out.view();
  });
  return document;
}

}  // namespace

Updated updated(std::string_view document, std::string_view update) {
  const auto id = id_of(document);
  if (is_replacement(update)) return checked(identified(update, *id), result_too_large);
  if (!is_known_operator(update)) return {failed_to_parse, {}};
  Updated result = modified_by_all(std::string(document), update, false);
  if (result.code != 0) return result;
  return checked(identified(result.document, *id), result_too_large);
}

Updated upserted(std::string_view filter, std::string_view update, std::string_view object_id) {
  const std::string base = equalities_of(filter);
  const BsonElement made{BsonType::object_id, "_id", object_id};
  if (!is_replacement(update)) {
    if (!is_known_operator(update)) return {failed_to_parse, {}};
    Updated result = modified_by_all(base, update, true);
    if (result.code != 0) return result;
    return checked(identified(result.document, id_of(result.document).value_or(made)), upsert_too_large);
  }
  const auto wanted = id_of(base);
  return checked(identified(update, wanted ? *wanted : id_of(update).value_or(made)), upsert_too_large);
}

}  // namespace dynatlas::simulation
