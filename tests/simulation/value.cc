// SPDX-License-Identifier: Apache-2.0
#include "simulation/value.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace dynatlas::simulation {

namespace {

using Wide = unsigned __int128;

// A number of any type: (-1)^negative * coefficient * 10^exponent, without trailing zeros.
struct Decimal {
  enum class Kind : std::uint8_t { not_a_number, negative_infinity, finite, positive_infinity };
  Kind kind = Kind::finite;
  bool negative = false;
  Wide coefficient = 0;
  int exponent = 0;
};

Decimal normalised(Wide coefficient, int exponent, bool negative) {
  if (coefficient == 0) return {};
  while (coefficient % 10 == 0) {
    coefficient /= 10;
    ++exponent;
  }
  return {Decimal::Kind::finite, negative, coefficient, exponent};
}

Decimal of_integer(std::int64_t value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return normalised(value < 0 ? 0 - bits : bits, 0, value < 0);
}

Decimal infinity(bool negative) {
  return {negative ? Decimal::Kind::negative_infinity : Decimal::Kind::positive_infinity, negative, 0, 0};
}

Decimal of_double(double value) {
  if (std::isnan(value)) return {Decimal::Kind::not_a_number, false, 0, 0};
  if (std::isinf(value)) return infinity(value < 0);
  char text[64];
  std::snprintf(text, sizeof text, "%.33e", std::fabs(value));  // d.ddd..e+xx, rounded as IEEE 754 says
  Wide coefficient = static_cast<Wide>(text[0] - '0');
  for (const char* at = text + 2; *at != 'e'; ++at) coefficient = coefficient * 10 + static_cast<Wide>(*at - '0');
  return normalised(coefficient, std::atoi(text + 36) - 33, value < 0);
}

// BID encoding of IEEE 754-2008.
Decimal of_decimal128(std::string_view value) {
  const auto low = load_little_endian<std::uint64_t>(value);
  const auto high = load_little_endian<std::uint64_t>(value, 8);
  const bool negative = high >> 63 != 0;
  const std::uint64_t combination = high >> 58 & 0x1F;
  if (combination == 0x1F) return {Decimal::Kind::not_a_number, false, 0, 0};
  if (combination == 0x1E) return infinity(negative);
  if (combination >= 0x18) return {};  // more than 34 digits: counts as zero
  const Wide coefficient = static_cast<Wide>(high & 0x1FFFFFFFFFFFF) << 64 | low;
  return normalised(coefficient, static_cast<int>(high >> 49 & 0x3FFF) - 6176, negative);
}

bool is_integer(const BsonElement& value) { return value.type == BsonType::int32 || value.type == BsonType::int64; }

std::int64_t integer_of(const BsonElement& value) {
  return value.type == BsonType::int32 ? load_little_endian<std::int32_t>(value.value)
                                       : load_little_endian<std::int64_t>(value.value);
}

Decimal decimal_of(const BsonElement& value) {
  if (is_integer(value)) return of_integer(integer_of(value));
  if (value.type == BsonType::real) return of_double(load_little_endian<double>(value.value));
  return of_decimal128(value.value);
}

int digits_of(Wide value) {
  int digits = 0;
  for (; value != 0; value /= 10) ++digits;
  return digits;
}

template <class T>
int compared(const T& a, const T& b) {
  return a < b ? -1 : static_cast<int>(b < a);
}

int compare_magnitudes(const Decimal& a, const Decimal& b) {
  if (a.coefficient == 0 || b.coefficient == 0) return compared(a.coefficient, b.coefficient);
  const int size = compared(digits_of(a.coefficient) + a.exponent, digits_of(b.coefficient) + b.exponent);
  if (size != 0) return size;
  Wide left = a.coefficient;
  Wide right = b.coefficient;
  for (int e = a.exponent; e > b.exponent; --e) left *= 10;  // no more than 34 digits come out, since the sizes agree
  for (int e = b.exponent; e > a.exponent; --e) right *= 10;
  return compared(left, right);
}

int compare_decimals(const Decimal& a, const Decimal& b) {
  if (a.kind != b.kind) return compared(a.kind, b.kind);
  if (a.kind != Decimal::Kind::finite) return 0;
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  const int magnitude = compare_magnitudes(a, b);
  return a.negative ? -magnitude : magnitude;
}

int compare_numbers(const BsonElement& a, const BsonElement& b) {
  if (is_integer(a) && is_integer(b)) return compared(integer_of(a), integer_of(b));
  return compare_decimals(decimal_of(a), decimal_of(b));
}

int compare_bytes(std::string_view a, std::string_view b) {
  const int order = a.compare(b);
  return order < 0 ? -1 : static_cast<int>(order > 0);
}

// Subtype and bytes stand behind the length.
int compare_binaries(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? compared(a.size(), b.size()) : compare_bytes(a.substr(4), b.substr(4));
}

int compare_documents(std::string_view a, std::string_view b, bool names_count) {
  BsonReader left(elements_of(a));
  BsonReader right(elements_of(b));
  for (;;) {
    BsonElement x;
    BsonElement y;
    const bool more_left = left.next(x);
    const bool more_right = right.next(y);
    if (!more_left || !more_right) return compared(more_left, more_right);
    if (const int types = compared(bracket_of(x), bracket_of(y)); types != 0) return types;
    const int names = names_count ? compare_bytes(x.name, y.name) : 0;
    if (names != 0) return names;
    if (const int values = compare_values(x, y); values != 0) return values;
  }
}

void append_integer(std::string& out, std::int64_t value) {
  out += 'i';
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

constexpr int integer_digits_max = 18;  // always fit

void append_number(std::string& out, const BsonElement& value) {
  if (is_integer(value)) return append_integer(out, integer_of(value));
  Decimal decimal = decimal_of(value);
  const bool whole = decimal.kind == Decimal::Kind::finite && decimal.exponent >= 0 &&
                     digits_of(decimal.coefficient) + decimal.exponent <= integer_digits_max + 1;
  if (whole) {
    for (; decimal.exponent > 0; --decimal.exponent) decimal.coefficient *= 10;
    const Wide limit = (Wide{1} << 63) - (decimal.negative ? 0 : 1);
    const auto bits = static_cast<std::uint64_t>(decimal.coefficient);
    if (decimal.coefficient <= limit)
      return append_integer(out, static_cast<std::int64_t>(decimal.negative ? 0 - bits : bits));
    decimal = normalised(decimal.coefficient, 0, decimal.negative);
  }
  out += 'n';
  out += static_cast<char>(decimal.kind);
  out += decimal.negative ? '-' : '+';
  out.append(reinterpret_cast<const char*>(&decimal.exponent), sizeof decimal.exponent);
  out.append(reinterpret_cast<const char*>(&decimal.coefficient), sizeof decimal.coefficient);
}

void append_key(std::string& out, const BsonElement& value);

void append_members(std::string& out, const BsonElement& value) {
  out += value.type == BsonType::array ? '[' : '{';
  BsonReader reader(elements_of(value.value));
  for (BsonElement member; reader.next(member);) {
    out += '.';
    if (value.type == BsonType::document) out.append(member.name) += '\0';
    append_key(out, member);
  }
  out += '}';
}

void append_key(std::string& out, const BsonElement& value) {
  switch (value.type) {
    case BsonType::real:
    case BsonType::int32:
    case BsonType::int64:
    case BsonType::decimal128:
      return append_number(out, value);
    case BsonType::document:
    case BsonType::array:
      return append_members(out, value);
    default:
      out += static_cast<char>(value.type);  // the values' lengths stand before them
      out += value.value;
  }
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void collect(std::string_view document, std::string_view path, std::vector<BsonElement>& out) {
  const std::size_t dot = path.find('.');
  const auto element = find_element(document, path.substr(0, dot));
  if (!element) return;
  if (dot == std::string_view::npos) return out.push_back(*element);
  const std::string_view rest = path.substr(dot + 1);
  if (element->type == BsonType::document) return collect(element->value, rest, out);
  if (element->type != BsonType::array) return;
  if (is_digits(rest.substr(0, rest.find('.')))) collect(element->value, rest, out);
  BsonReader reader(elements_of(element->value));
  for (BsonElement member; reader.next(member);)
    if (member.type == BsonType::document) collect(member.value, rest, out);
}

}  // namespace

int bracket_of(const BsonElement& value) {
  switch (static_cast<std::uint8_t>(value.type)) {
    case 0xFF:
      return 0;  // MinKey
    case 0x06:
    case 0x0A:
      return 1;
    case 0x01:
    case 0x10:
    case 0x12:
    case 0x13:
      return 2;
    case 0x02:
    case 0x0E:
      return 3;
    case 0x7F:
      return 100;  // MaxKey
    default:
      return static_cast<int>(value.type) + 1;  // documents, arrays, binaries, ids, booleans, dates: in this order
  }
}

int compare_values(const BsonElement& a, const BsonElement& b) {
  if (const int brackets = compared(bracket_of(a), bracket_of(b)); brackets != 0) return brackets;
  switch (a.type) {
    case BsonType::real:
    case BsonType::int32:
    case BsonType::int64:
    case BsonType::decimal128:
      return compare_numbers(a, b);
    case BsonType::string:
      return compare_bytes(string_text(a.value), string_text(b.value));
    case BsonType::document:
      return compare_documents(a.value, b.value, true);
    case BsonType::array:
      return compare_documents(a.value, b.value, false);
    case BsonType::binary:
      return compare_binaries(a.value, b.value);
    case BsonType::date:
      return compared(load_little_endian<std::int64_t>(a.value), load_little_endian<std::int64_t>(b.value));
    default:
      return compare_bytes(a.value, b.value);
  }
}

std::string comparable_key(const BsonElement& value) {
  std::string key;
  append_key(key, value);
  return key;
}

std::vector<BsonElement> values_at(std::string_view document, std::string_view path) {
  std::vector<BsonElement> values;
  collect(document, path, values);
  return values;
}

bool is_nan(const BsonElement& value) {
  const bool may_be = value.type == BsonType::real || value.type == BsonType::decimal128;
  return may_be && decimal_of(value).kind == Decimal::Kind::not_a_number;
}

}  // namespace dynatlas::simulation
