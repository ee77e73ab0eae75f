// SPDX-License-Identifier: Apache-2.0
#include "transform/fields.h"

#include <algorithm>
#include <chrono>
#include <set>

#include "base/time_text.h"

namespace dynatlas {

namespace {

// The value as a number; empty where it is none.
std::optional<Number> number_of(const BsonElement& element, bool is_text_number) {
  Number number;
  NumberFault fault = NumberFault::not_a_number;
  switch (element.type) {
    case BsonType::int32:
      fault = parse_number(std::to_string(load_little_endian<std::int32_t>(element.value)), number);
      break;
    case BsonType::int64:
      fault = parse_number(std::to_string(load_little_endian<std::int64_t>(element.value)), number);
      break;
    case BsonType::real:
      fault = number_of_double(load_little_endian<double>(element.value), number);
      break;
    case BsonType::decimal128:
      fault = number_of_decimal128(load_little_endian<std::uint64_t>(element.value),
                                   load_little_endian<std::uint64_t>(element.value, 8), number);
      break;
    case BsonType::string:
      if (is_text_number) fault = parse_number(string_text(element.value), number);
      break;
    default:
      break;
  }
  return fault == NumberFault::none ? std::optional(number) : std::nullopt;
}

// coefficient * 10^(exponent + shift) as milliseconds; a fraction of a millisecond is no date, since it could not come
// back.
std::optional<std::int64_t> scaled(Number number, int shift) {
  constexpr std::int64_t limit = 8'640'000'000'000'000;  // what an ECMAScript date, and so most drivers, can hold
  number.exponent += shift;
  if (number.coefficient == 0) return 0;
  if (number.exponent < 0 || number.exponent > 15) return std::nullopt;
  for (; number.exponent > 0; --number.exponent) {
    number.coefficient *= 10;
    if (number.coefficient > static_cast<unsigned __int128>(limit)) return std::nullopt;
  }
  if (number.coefficient > static_cast<unsigned __int128>(limit)) return std::nullopt;
  const auto value = static_cast<std::int64_t>(number.coefficient);
  return number.negative ? -value : value;
}

// µs as the ms in which they lie.
std::int64_t floor(std::int64_t microseconds) {
  return std::chrono::floor<std::chrono::milliseconds>(std::chrono::microseconds(microseconds)).count();
}

}  // namespace

FieldPass::FieldPass(const TableRules& rules, const std::vector<KeyAttribute>& keys, const std::vector<TypeTag>& types,
                     Buffer& out, std::vector<TypeTag>& types_out)
    : types_(types), out_(out), types_out_(types_out), root_(rules.fields) {
  for (const KeyAttribute& key : keys) keys_.push_back(escape_name(key.name, true, rules.items.names));
}

bool FieldPass::is_key(std::string_view stored_name) const {
  return std::find(keys_.begin(), keys_.end(), stored_name) != keys_.end();
}

std::optional<RecordFault> FieldPass::run(std::string_view elements) { return map(elements, root_, {}, {true, false}); }

std::optional<RecordFault> FieldPass::map(std::string_view elements, const FieldRules& rules, const Paths& paths,
                                          Level level) {
  std::set<std::string, std::less<>> written;
  BsonReader reader(elements);
  BsonElement element;
  while (reader.next(element)) {
    const auto found = rules.children.find(element.name);
    const FieldRules* child = found == rules.children.end() ? nullptr : &found->second;
    const bool key = level.top && is_key(element.name);
    const bool all_kept = level.kept || !rules.keeps_some;
    // What is kept below here is in maps only.
    const bool some_kept = child != nullptr && child->keeps_some && element.type == BsonType::document;
    const bool kept = all_kept || some_kept || (child != nullptr && child->keep);
    if (!key && (!kept || (child != nullptr && child->drop))) continue;
    const std::string_view name =
        !key && child != nullptr && child->rename ? std::string_view(*child->rename) : element.name;
    Paths inner = paths;
    append_path_segment(inner.before, element.name);
    append_path_segment(inner.after, name);
    if (!written.emplace(name).second) {
      return RecordFault{ErrorKind::poison, inner.after, "is a name that a rename gives to two fields of this item"};
    }
    BsonElement renamed = element;
    renamed.name = name;
    if (auto fault = field(renamed, key ? nullptr : child, inner, level.kept)) return fault;
  }
  return std::nullopt;
}

std::optional<RecordFault> FieldPass::field(const BsonElement& element, const FieldRules* rules, const Paths& paths,
                                            bool kept) {
  if (rules != nullptr && rules->date != FieldRules::Date::none &&
      write_date(element, rules->date, element.name, paths))
    return std::nullopt;
  if (rules == nullptr || rules->children.empty() || element.type != BsonType::document) {
    append_element(out_, element.type, element.name, element.value);
    carry_types(paths);
    return std::nullopt;
  }
  begin_element(out_, element.type, element.name);
  OpenDocument document(out_);
  auto fault = map(elements_of(element.value), *rules, paths, {false, kept || rules->keep});
  document.close();
  return fault;
}

void FieldPass::carry_types(const Paths& paths) {
  for (const TypeTag& tag : types_) {
    const bool here = tag.path == paths.before;
    const bool below = tag.path.size() > paths.before.size() &&
                       tag.path.compare(0, paths.before.size(), paths.before) == 0 &&
                       tag.path[paths.before.size()] == '.';
    if (here || below) types_out_.push_back({paths.after + tag.path.substr(paths.before.size()), tag.type});
  }
}

bool FieldPass::write_date(const BsonElement& element, FieldRules::Date unit, std::string_view name,
                           const Paths& paths) {
  std::optional<std::int64_t> milliseconds;
  if (unit == FieldRules::Date::rfc3339) {
    if (element.type == BsonType::string) {
      if (const auto time = parse_rfc3339_of_any_year(string_text(element.value))) milliseconds = floor(*time);
    }
  } else {
    const bool text_number = std::any_of(
        types_.begin(), types_.end(), [&](const TypeTag& tag) { return tag.path == paths.before && tag.type == "N"; });
    if (const auto number = number_of(element, text_number))
      milliseconds = scaled(*number, unit == FieldRules::Date::seconds ? 3 : 0);
  }
  if (!milliseconds) return ++unread_dates_, false;
  append_element(out_, BsonType::date, name, {reinterpret_cast<const char*>(&*milliseconds), sizeof *milliseconds});
  return true;
}

}  // namespace dynatlas
