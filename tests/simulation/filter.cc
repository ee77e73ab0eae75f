// SPDX-License-Identifier: Apache-2.0
#include "simulation/filter.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "base/buffer.h"
#include "simulation/value.h"

namespace dynatlas::simulation {

namespace {

constexpr BsonElement null_value{BsonType::null, "", ""};

bool is_operators(const BsonElement& value) {
  if (value.type != BsonType::document) return false;
  BsonReader reader(elements_of(value.value));
  BsonElement first;
  return reader.next(first) && first.name.starts_with('$');
}

// Whether the test holds for one of the values or, where one is an array, for one of its members.
template <class Test>
bool any_of(const std::vector<BsonElement>& values, const Test& test) {
  for (const BsonElement& value : values) {
    if (test(value)) return true;
    if (value.type != BsonType::array) continue;
    BsonReader reader(elements_of(value.value));
    for (BsonElement member; reader.next(member);)
      if (test(member)) return true;
  }
  return false;
}

bool equals(const std::vector<BsonElement>& values, const BsonElement& wanted) {
  if (values.empty()) return wanted.type == BsonType::null;
  return any_of(values, [&](const BsonElement& value) { return compare_values(value, wanted) == 0; });
}

// Only values of the same bracket are in an order; NaN is in none.
template <class Accept>
bool is_ordered(const std::vector<BsonElement>& values, const BsonElement& limit, const Accept& accept) {
  return any_of(values, [&](const BsonElement& value) {
    if (bracket_of(value) != bracket_of(limit)) return false;
    const int order = compare_values(value, limit);
    if (is_nan(value) != is_nan(limit)) return false;
    return accept(order);
  });
}

struct TypeName {
  std::string_view name;
  BsonType type;
};

constexpr std::array<TypeName, 12> type_names{{{"double", BsonType::real},
                                               {"string", BsonType::string},
                                               {"object", BsonType::document},
                                               {"array", BsonType::array},
                                               {"binData", BsonType::binary},
                                               {"objectId", BsonType::object_id},
                                               {"bool", BsonType::boolean},
                                               {"date", BsonType::date},
                                               {"null", BsonType::null},
                                               {"int", BsonType::int32},
                                               {"long", BsonType::int64},
                                               {"decimal", BsonType::decimal128}}};

bool is_of_type(const BsonElement& value, const BsonElement& wanted) {
  if (wanted.type == BsonType::array) {
    BsonReader reader(elements_of(wanted.value));
    for (BsonElement one; reader.next(one);)
      if (is_of_type(value, one)) return true;
    return false;
  }
  if (wanted.type == BsonType::int32)
    return static_cast<std::int32_t>(value.type) == load_little_endian<std::int32_t>(wanted.value);
  const std::string_view name = string_text(wanted.value);
  if (name == "number") return bracket_of(value) == 2;
  const auto* found =
      std::find_if(type_names.begin(), type_names.end(), [&](const TypeName& t) { return t.name == name; });
  if (found == type_names.end()) throw std::invalid_argument("a filter's $type is not known: " + std::string(name));
  return value.type == found->type;
}

bool is_true(const BsonElement& value) {
  if (value.type == BsonType::boolean) return value.value[0] != 0;
  return bracket_of(value) == 2 && compare_values(value, {BsonType::int32, "", std::string_view("\0\0\0\0", 4)}) != 0;
}

bool holds(const std::vector<BsonElement>& values, const BsonElement& op) {
  if (op.name == "$eq") return equals(values, op);
  if (op.name == "$lt") return is_ordered(values, op, [](int order) { return order < 0; });
  if (op.name == "$lte") return is_ordered(values, op, [](int order) { return order <= 0; });
  if (op.name == "$gt") return is_ordered(values, op, [](int order) { return order > 0; });
  if (op.name == "$gte") return is_ordered(values, op, [](int order) { return order >= 0; });
  if (op.name == "$exists") return !values.empty() == is_true(op);
  if (op.name == "$type") return any_of(values, [&](const BsonElement& value) { return is_of_type(value, op); });
  if (op.name != "$in") throw std::invalid_argument("a filter's operator is not known: " + std::string(op.name));
  BsonReader reader(elements_of(op.value));
  for (BsonElement wanted; reader.next(wanted);)
    if (equals(values, wanted)) return true;
  return false;
}

bool field_matches(std::string_view document, const BsonElement& condition) {
  const std::vector<BsonElement> values = values_at(document, condition.name);
  if (!is_operators(condition)) return equals(values, condition);
  BsonReader reader(elements_of(condition.value));
  for (BsonElement op; reader.next(op);)
    if (!holds(values, op)) return false;
  return true;
}

bool branch_matches(std::string_view document, const BsonElement& branches) {
  std::size_t count = 0;
  std::size_t matching = 0;
  BsonReader reader(elements_of(branches.value));
  for (BsonElement branch; reader.next(branch); ++count)
    if (matches(document, branch.value)) ++matching;
  if (branches.name == "$and") return matching == count;
  if (branches.name == "$or") return matching != 0;
  if (branches.name == "$nor") return matching == 0;
  throw std::invalid_argument("a filter's operator is not known: " + std::string(branches.name));
}

// The part of a projection below `name`, and whether it is named itself.
struct Below {
  bool named = false;
  bool whole = false;
  Buffer rest;
};

Below below(std::string_view projection, std::string_view name) {
  Below result;
  OpenDocument rest(result.rest);
  BsonReader reader(elements_of(projection));
  for (BsonElement field; reader.next(field);) {
    if (field.name == name) result.whole = result.named = true;
    if (!field.name.starts_with(name) || field.name.size() <= name.size() || field.name[name.size()] != '.') continue;
    result.named = true;
    append_element(result.rest, field.type, field.name.substr(name.size() + 1), field.value);
  }
  rest.close();
  return result;
}

void append_projected(Buffer& out, std::string_view document, std::string_view projection, bool inclusive, bool top) {
  OpenDocument open(out);
  BsonReader reader(elements_of(document));
  for (BsonElement element; reader.next(element);) {
    const Below part = below(projection, element.name);
    if (top && element.name == "_id") {
      const auto id = find_element(projection, "_id");
      if (!id || is_true(*id)) append_element(out, element.type, element.name, element.value);
    } else if (part.named && !part.whole && element.type == BsonType::document) {
      begin_element(out, element.type, element.name);
      append_projected(out, element.value, part.rest.view(), inclusive, false);
    } else if (part.whole ? inclusive : !inclusive) {
      append_element(out, element.type, element.name, element.value);
    }
  }
  open.close();
}

}  // namespace

bool matches(std::string_view document, std::string_view filter) {
  BsonReader reader(elements_of(filter));
  for (BsonElement condition; reader.next(condition);) {
    const bool holds_here =
        condition.name.starts_with('$') ? branch_matches(document, condition) : field_matches(document, condition);
    if (!holds_here) return false;
  }
  return true;
}

std::string projected(std::string_view document, std::string_view projection) {
  bool inclusive = false;
  bool empty = true;
  BsonReader reader(elements_of(projection));
  for (BsonElement field; reader.next(field); empty = false) inclusive = inclusive || is_true(field);
  if (empty) return std::string(document);
  Buffer out;
  append_projected(out, document, projection, inclusive, true);
  return std::string(out.view());
}

bool comes_before(std::string_view a, std::string_view b, std::string_view sort) {
  BsonReader reader(elements_of(sort));
  for (BsonElement field; reader.next(field);) {
    const auto left = values_at(a, field.name);
    const auto right = values_at(b, field.name);
    const int order = compare_values(left.empty() ? null_value : left[0], right.empty() ? null_value : right[0]);
    if (order != 0) return load_little_endian<std::int32_t>(field.value) < 0 ? order > 0 : order < 0;
  }
  return false;
}

void for_each_equality(std::string_view filter,
                       const std::function<void(std::string_view path, const BsonElement& value)>& found) {
  BsonReader reader(elements_of(filter));
  for (BsonElement condition; reader.next(condition);) {
    if (condition.name == "$and") {
      BsonReader branches(elements_of(condition.value));
      for (BsonElement branch; branches.next(branch);) for_each_equality(branch.value, found);
    } else if (!condition.name.starts_with('$') && !is_operators(condition)) {
      found(condition.name, condition);
    }
  }
}

bool is_all_equalities(std::string_view filter) {
  BsonReader reader(elements_of(filter));
  for (BsonElement condition; reader.next(condition);) {
    if (condition.name.starts_with('$') || is_operators(condition)) return false;
  }
  return true;
}

}  // namespace dynatlas::simulation
