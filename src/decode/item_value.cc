// SPDX-License-Identifier: Apache-2.0
//
// The values of attributes: each type of DynamoDB as BSON.
#include <algorithm>
#include <cstring>

#include "base/base64.h"
#include "decode/item.h"
#include "decode/json.h"

namespace dynatlas {

namespace {

using json::expect;
using json::skip_blanks;

// Above this many members, a set's are compared by sorting.
constexpr std::size_t members_compared_one_by_one = 16;

constexpr std::ptrdiff_t digits_of_int64 = 18;  // that fit whatever they are

std::uint8_t* write_index(std::uint32_t index, std::uint8_t* out) {
  std::uint8_t digits[10];
  int count = 0;
  do {
    digits[count++] = static_cast<std::uint8_t>('0' + index % 10);
    index /= 10;
  } while (index != 0);
  while (count != 0) *out++ = digits[--count];
  *out++ = 0;
  return out;
}

constexpr std::string_view set_name[] = {"SS", "NS", "BS"};

std::string number_cause(NumberFault fault) {
  if (fault == NumberFault::not_a_number) return "is no number as DynamoDB writes them, such as -12.5 or 1E-7";
  return std::string("is a number that ") + std::string(describe(fault));
}

}  // namespace

// `in` is at the opening quote; afterwards behind the closing one. `unknown` where it needs a second look.
ItemDecoder::Type ItemDecoder::read_type(const char*& in) {
  const auto is = [&in](std::string_view rest, Type type) {
    if (std::memcmp(in + 1, rest.data(), rest.size()) != 0) return Type::unknown;
    in += 1 + rest.size();
    return type;
  };
  switch (in[1]) {
    case 'S':
      return in[2] == '"' ? is("S\"", Type::s) : is("SS\"", Type::ss);
    case 'N':
      return in[2] == '"' ? is("N\"", Type::n) : in[2] == 'S' ? is("NS\"", Type::ns) : is("NULL\"", Type::null);
    case 'B':
      return in[2] == '"' ? is("B\"", Type::b) : in[2] == 'S' ? is("BS\"", Type::bs) : is("BOOL\"", Type::boolean);
    case 'L':
      return is("L\"", Type::l);
    case 'M':
      return is("M\"", Type::m);
    default:
      return Type::unknown;
  }
}

// A type key may be written with escapes, too.
ItemDecoder::Type ItemDecoder::read_odd_type(const char*& in) {
  std::string_view name;
  const char* behind = json::read_string(in, name, scratch_);
  if (behind == nullptr || name.size() > 4) return Type::unknown;
  const std::string text = '"' + std::string(name) + '"' + std::string(4, '\0');
  const char* begin = text.data();
  const Type type = read_type(begin);
  if (type == Type::unknown || begin != text.data() + name.size() + 2) return Type::unknown;
  in = behind;
  return type;
}

// The type of a value that begins as AWS writes it, {"S":, in two comparisons; else `unknown`.
ItemDecoder::Type ItemDecoder::read_compact_type(const char* in) {
  constexpr std::uint64_t all_but_the_letter = 0xFFFF00FFFF;
  constexpr std::uint64_t frame = 0x3A2200227B;  // {" ":
  std::uint64_t word = 0;
  std::memcpy(&word, in, sizeof word);
  if ((word & all_but_the_letter) != frame) return Type::unknown;
  switch (in[2]) {
    case 'S':
      return Type::s;
    case 'N':
      return Type::n;
    case 'B':
      return Type::b;
    case 'L':
      return Type::l;
    case 'M':
      return Type::m;
    default:
      return Type::unknown;
  }
}

ItemDecoder::At ItemDecoder::decode_value(At at, std::size_t type_at, const Place& place) {
  Type type = read_compact_type(at.in);
  if (type != Type::unknown) [[likely]] {
    at.in = skip_blanks(at.in + 5);
  } else {
    if (*at.in != '{') return fail(R"(is no typed value, such as {"S":"text"})");
    const char* in = skip_blanks(at.in + 1);
    if (*in != '"') return fail("has no type key");
    type = read_type(in);
    if (type == Type::unknown) type = read_odd_type(in);
    if (type == Type::unknown) return fail("has none of the type keys S, N, B, BOOL, NULL, SS, NS, BS, L, M");
    at.in = expect(in, ':');
    if (at.in == nullptr) return fail("has no ':' behind its type key");
  }
  at = decode_typed(type, at, type_at, place);
  if (at.in == nullptr) return at;
  const char* in = skip_blanks(at.in);
  if (*in == '}') [[likely]]
    return {in + 1, at.out};
  return fail(*in == ',' ? "has more than one type key" : "does not end behind its content");
}

ItemDecoder::At ItemDecoder::decode_typed(Type type, At at, std::size_t type_at, const Place& place) {
  const auto is = [this, type_at](BsonType bson) { base_[type_at] = static_cast<std::uint8_t>(bson); };
  switch (type) {
    case Type::s:
      return is(BsonType::string), decode_string(at);
    case Type::n:
      return decode_number(at, type_at, place.policy);
    case Type::b:
      return is(BsonType::binary), decode_binary(at);
    case Type::boolean:
      return is(BsonType::boolean), decode_bool(at);
    case Type::null:
      return is(BsonType::null), decode_null(at);
    case Type::l:
      return is(BsonType::array), decode_list(at, place);
    case Type::m:
      return is(BsonType::document), decode_map(at, place);
    default:
      return is(BsonType::array), decode_set(at, type, place);
  }
}

ItemDecoder::At ItemDecoder::decode_string(At at) {
  if (*at.in != '"') return fail("has content that is no JSON string");
  std::uint8_t* const begin = at.out;
  std::uint8_t* out = begin + 4;
  const char* in = json::copy_string(at.in + 1, out);
  if (in == nullptr) return fail("is a string with an invalid escape or control character, or without an end");
  *out++ = 0;
  store_length(begin, static_cast<std::size_t>(out - begin) - 4);
  return {in, out};
}

// The common case in few instructions: an integer of up to 18 digits.
ItemDecoder::At ItemDecoder::decode_number(At at, std::size_t type_at, NumberPolicy policy) {
  const char* in = at.in;
  if (*in != '"') return fail("is a number whose text is not in quotes");
  ++in;
  const bool negative = *in == '-';
  if (negative) ++in;
  const char* const digits = in;
  std::int64_t value = 0;
  while (in - digits < digits_of_int64 && *in >= '0' && *in <= '9') value = value * 10 + (*in++ - '0');
  const bool whole = *in == '"' && in != digits && policy != NumberPolicy::real && policy != NumberPolicy::string;
  if (!whole) return decode_any_number(at, type_at, policy);
  if (negative) value = -value;
  const auto small = static_cast<std::int32_t>(value);
  if (small == value) {
    base_[type_at] = static_cast<std::uint8_t>(BsonType::int32);
    std::memcpy(at.out, &small, sizeof small);
    return {in + 1, at.out + sizeof small};
  }
  base_[type_at] = static_cast<std::uint8_t>(BsonType::int64);
  std::memcpy(at.out, &value, sizeof value);
  return {in + 1, at.out + sizeof value};
}

void ItemDecoder::count(const WrittenNumber& written, NumberPolicy policy) {
  counts_.rounded += written.lossy ? 1 : 0;
  counts_.as_text += written.type == BsonType::string && policy != NumberPolicy::string ? 1 : 0;
}

ItemDecoder::At ItemDecoder::decode_any_number(At at, std::size_t type_at, NumberPolicy policy) {
  std::string_view text;
  const char* in = json::read_string(at.in, text, scratch_);
  if (in == nullptr) return fail("is a number whose text is no JSON string");
  Number number;
  const NumberFault fault = parse_number(text, number);
  if (fault != NumberFault::none) return fail(number_cause(fault));
  const WrittenNumber written = write_number(number, policy, at.out);
  base_[type_at] = static_cast<std::uint8_t>(written.type);
  count(written, policy);
  if (written.type == BsonType::string) tag("N");
  return {in, written.end};
}

ItemDecoder::At ItemDecoder::decode_binary(At at) {
  json::RawString raw;
  const char* in = json::read_raw_string(at.in, raw);
  if (in == nullptr) return fail("is a binary whose text is no JSON string");
  std::string_view text = json::unescaped(raw, scratch_);
  if (binary_ == Binary::twice) {
    inner_base64_.clear();
    inner_base64_.reserve_more(base64_decoded_room(text.size()));
    const std::size_t size = base64_decode(text, inner_base64_.data());
    if (size == base64_invalid) return fail("is a binary that is no valid base64");
    text = {reinterpret_cast<const char*>(inner_base64_.data()), size};
  }
  const std::size_t size = base64_decode(text, at.out + 5);
  if (size == base64_invalid) {
    return fail(binary_ == Binary::once ? "is a binary that is no valid base64"
                                        : "is a binary that is no valid base64 of base64, as Kinesis delivers it "
                                          "(emulators encode once: source.kinesis.binary: once)");
  }
  store_length(at.out, size);
  at.out[4] = 0;  // generic subtype
  return {in, at.out + 5 + size};
}

ItemDecoder::At ItemDecoder::decode_bool(At at) {
  if (std::memcmp(at.in, "true", 4) == 0) return *at.out = 1, At{at.in + 4, at.out + 1};
  if (std::memcmp(at.in, "false", 5) == 0) return *at.out = 0, At{at.in + 5, at.out + 1};
  return fail("is a BOOL other than true and false");
}

ItemDecoder::At ItemDecoder::decode_null(At at) {
  if (std::memcmp(at.in, "true", 4) != 0) return fail("is a NULL other than true");
  return {at.in + 4, at.out};
}

ItemDecoder::At ItemDecoder::decode_map(At at, const Place& place) {
  if (*at.in != '{') return fail("is a map whose content is no object");
  if (place.depth == nesting_max) return fail("is nested in more than 99 lists and maps");
  const std::size_t begin = offset(at.out);
  at = decode_members<false>(open_document({skip_blanks(at.in + 1), at.out}),
                             {place.depth + 1, rules_->numbers, place.paths});
  return at.in == nullptr ? at : close_document(at, begin);
}

ItemDecoder::At ItemDecoder::decode_list(At at, const Place& place) {
  if (*at.in != '[') return fail("is a list whose content is no array");
  if (place.depth == nesting_max) return fail("is nested in more than 99 lists and maps");
  const std::size_t begin = offset(at.out);
  at = open_document({skip_blanks(at.in + 1), at.out});
  if (*at.in == ']') return close_document({at.in + 1, at.out}, begin);
  const Place element{place.depth + 1, rules_->numbers, nullptr};
  for (std::uint32_t index = 0;; ++index) {
    at = make_room(at);
    const std::size_t type_at = offset(at.out);
    path_[path_size_++] = type_at + 1;
    at = decode_value({at.in, write_index(index, at.out + 1)}, type_at, element);
    if (at.in == nullptr) return at;
    --path_size_;
    if (offset(at.out) - image_begin_ > document_bytes_max)
      return fail("makes the document larger than 16 MiB, which MongoDB cannot store");
    const char* in = skip_blanks(at.in);
    if (*in == ',') {
      at.in = skip_blanks(in + 1);
      continue;
    }
    if (*in != ']') return fail("has an element that is followed by neither ',' nor ']'");
    return close_document({in + 1, at.out}, begin);
  }
}

// --- sets

ItemDecoder::At ItemDecoder::decode_set_member(At at, std::size_t type_at, Type type, NumberPolicy policy) {
  if (type == Type::ss) return base_[type_at] = static_cast<std::uint8_t>(BsonType::string), decode_string(at);
  if (type == Type::bs) return base_[type_at] = static_cast<std::uint8_t>(BsonType::binary), decode_binary(at);
  std::string_view text;
  const char* in = json::read_string(at.in, text, scratch_);
  if (in == nullptr) return fail("is a number whose text is no JSON string");
  Number& number = numbers_.emplace_back();
  const NumberFault fault = parse_number(text, number);
  if (fault != NumberFault::none) return fail(number_cause(fault));
  const WrittenNumber written = write_number(number, policy, at.out);
  base_[type_at] = static_cast<std::uint8_t>(written.type);
  count(written, policy);
  if (written.type == BsonType::string && !rules_->sets_tagged) tag("N");  // the set's own tag says it otherwise
  return {in, written.end};
}

bool ItemDecoder::has_equal_members(Type type) {
  if (type == Type::ns) {
    const auto less = [](const Number& a, const Number& b) {
      if (a.exponent != b.exponent) return a.exponent < b.exponent;
      if (a.negative != b.negative) return a.negative;
      return a.coefficient < b.coefficient;
    };
    std::sort(numbers_.begin(), numbers_.end(), less);
    return std::adjacent_find(numbers_.begin(), numbers_.end()) != numbers_.end();
  }
  const auto equal = [this](const Span& a, const Span& b) { return written(a) == written(b); };
  if (members_.size() <= members_compared_one_by_one) {
    for (auto member = members_.begin(); member != members_.end(); ++member) {
      if (std::any_of(members_.begin(), member, [&](const Span& other) { return equal(*member, other); })) return true;
    }
    return false;
  }
  std::sort(members_.begin(), members_.end(), [this](const Span& a, const Span& b) { return written(a) < written(b); });
  return std::adjacent_find(members_.begin(), members_.end(), equal) != members_.end();
}

ItemDecoder::At ItemDecoder::decode_set(At at, Type type, const Place& place) {
  if (*at.in != '[') return fail("is a set whose content is no array");
  const std::size_t begin = offset(at.out);
  at = open_document({skip_blanks(at.in + 1), at.out});
  if (*at.in == ']') return fail("is an empty set");
  if (rules_->sets_tagged) tag(set_name[static_cast<int>(type) - static_cast<int>(Type::ss)]);
  members_.clear();
  numbers_.clear();
  for (std::uint32_t index = 0;; ++index) {
    if (*at.in != '"') return fail("is a set with a member that is no JSON string");
    at = make_room(at);
    const std::size_t type_at = offset(at.out);
    path_[path_size_++] = type_at + 1;
    std::uint8_t* const value = write_index(index, at.out + 1);
    at = decode_set_member({at.in, value}, type_at, type, place.policy);
    if (at.in == nullptr) return at;
    --path_size_;
    members_.push_back({offset(value), static_cast<std::size_t>(at.out - value)});
    if (offset(at.out) - image_begin_ > document_bytes_max)
      return fail("makes the document larger than 16 MiB, which MongoDB cannot store");
    const char* in = skip_blanks(at.in);
    if (*in == ',') {
      at.in = skip_blanks(in + 1);
      continue;
    }
    if (*in != ']') return fail("has a member that is followed by neither ',' nor ']'");
    if (has_equal_members(type)) return fail("is a set that holds one member twice");
    return close_document({in + 1, at.out}, begin);
  }
}

}  // namespace dynatlas
