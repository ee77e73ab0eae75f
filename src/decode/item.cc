// SPDX-License-Identifier: Apache-2.0
#include "decode/item.h"

#include <algorithm>
#include <cstring>

#include "base/base64.h"
#include "decode/json.h"

namespace dynatlas {

namespace {

using json::expect;
using json::skip_blanks;

// What one member or element writes beside the text that it copies: a type, a number or a list's index, lengths,
// escapes of a name's first character, and the 16 bytes that vector stores pass the end by.
constexpr std::size_t slack = 512;

// Above this many names in one map, they are compared once by sorting when the map ends: no input makes that quadratic.
constexpr std::size_t names_compared_one_by_one = 128;
constexpr std::size_t members_compared_one_by_one = 16;

constexpr std::ptrdiff_t digits_of_int64 = 18;  // that fit whatever they are

std::uint64_t load_word(const std::uint8_t* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
}

void store_length(std::uint8_t* at, std::size_t length) {
  const auto value = static_cast<std::uint32_t>(length);
  std::memcpy(at, &value, sizeof value);  // little endian, as BSON is (base/platform.h)
}

// Of a name's length and its first and last eight bytes: enough to tell most names apart; equal hashes are looked at
// again.
std::uint32_t hash_name(const std::uint8_t* name, std::size_t size) {
  std::uint64_t head = load_word(name);
  std::uint64_t tail = 0;
  if (size < 8) {
    head &= (std::uint64_t{1} << (8 * size)) - 1;
  } else {
    tail = load_word(name + size - 8);
  }
  const std::uint64_t mixed = (head ^ size) * 0x9E3779B97F4A7C15U + tail * 0xC2B2AE3D27D4EB4FU;
  return static_cast<std::uint32_t>((mixed ^ mixed >> 29) >> 32);
}

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

// Copies a name up to its end or to the first byte that needs a second look.
const char* copy_to_name_stop(const char* in, std::uint8_t*& out) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i percent = _mm_set1_epi8('%');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  std::uint8_t* to = out;
  for (;; in += 16, to += 16) {
    const __m128i chunk = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), chunk);
    const __m128i stops = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(chunk, quote), _mm_cmpeq_epi8(chunk, backslash)),
        _mm_or_si128(_mm_cmpeq_epi8(_mm_min_epu8(chunk, last_control), chunk), _mm_cmpeq_epi8(chunk, percent)));
    const int mask = _mm_movemask_epi8(stops);
    if (mask != 0) {
      const int length = __builtin_ctz(static_cast<unsigned>(mask));
      out = to + length;
      return in + length;
    }
  }
#else
  while (*in != '"' && *in != '\\' && *in != '%' && static_cast<unsigned char>(*in) > 0x1f)
    *out++ = static_cast<std::uint8_t>(*in++);
  return in;
#endif
}

constexpr std::string_view set_name[] = {"SS", "NS", "BS"};

std::string number_cause(NumberFault fault) {
  if (fault == NumberFault::not_a_number) return "is no number as DynamoDB writes them, such as -12.5 or 1E-7";
  return std::string("is a number that ") + std::string(describe(fault));
}

}  // namespace

// --- the output

ItemDecoder::At ItemDecoder::make_room(At at) {
  // What follows copies at most the rest of the text, so one comparison covers a name and its value.
  if (static_cast<std::size_t>(room_end_ - at.out) >= static_cast<std::size_t>(text_end_ - at.in) + slack) return at;
  return make_room_for(at, static_cast<std::size_t>(text_end_ - at.in) + slack);
}

ItemDecoder::At ItemDecoder::make_room_for(At at, std::size_t room) {
  buffer_->resize_to(at.out);
  buffer_->reserve_more(room);
  base_ = buffer_->data();
  room_end_ = base_ + buffer_->capacity();
  return {at.in, buffer_->end()};
}

ItemDecoder::At ItemDecoder::open_document(At at) { return {at.in, at.out + 4}; }

ItemDecoder::At ItemDecoder::close_document(At at, std::size_t begin) {
  *at.out++ = 0;
  store_length(base_ + begin, offset(at.out) - begin);
  return at;
}

std::string_view ItemDecoder::written(const Span& span) const {
  return {reinterpret_cast<const char*>(base_ + span.begin), span.size};
}

// --- faults and paths

std::string ItemDecoder::path() const {
  std::string path;
  for (std::size_t i = 0; i < path_size_; ++i)
    append_path_segment(path, reinterpret_cast<const char*>(base_ + path_[i]));
  return path;
}

ItemDecoder::At ItemDecoder::fail(std::string_view cause) {
  fault_.cause = cause;
  fault_.path = path();
  return {nullptr, nullptr};
}

void ItemDecoder::tag(std::string_view type) { types_.push_back({path(), type}); }

// --- maps and names

template <bool top_level>
ItemDecoder::At ItemDecoder::write_name(At at) {
  std::uint8_t* const begin = at.out;
  At behind = at;
  behind.in = copy_to_name_stop(at.in + 1, behind.out);
  const bool plain = *behind.in == '"' && behind.out != begin && *begin != '$' && !(top_level && *begin == '_');
  if (!plain || rules_->names.escape_dots) [[unlikely]]
    return write_odd_name(at, top_level);
  return {behind.in + 1, behind.out};
}

ItemDecoder::At ItemDecoder::write_odd_name(At at, bool top_level) {
  std::string_view name;
  const char* in = json::read_string(at.in, name, scratch_);
  if (in == nullptr) return fail("holds a name that is no valid JSON string");
  const std::string stored = escape_name(name, top_level, rules_->names);
  at.in = in;
  at = make_room_for(at, stored.size() + static_cast<std::size_t>(text_end_ - in) + slack);
  std::memcpy(at.out, stored.data(), stored.size());
  return {in, at.out + stored.size()};
}

bool ItemDecoder::has_name(std::size_t names_begin, std::uint32_t hash, const Span& name) const {
  for (std::size_t i = names_begin; i < name_hashes_.size(); ++i) {
    if (name_hashes_[i] == hash && written(name_spans_[i]) == written(name)) return true;
  }
  return false;
}

bool ItemDecoder::names_differ(std::size_t names_begin) {
  const auto begin = name_spans_.begin() + static_cast<std::ptrdiff_t>(names_begin);
  std::sort(begin, name_spans_.end(), [this](const Span& a, const Span& b) { return written(a) < written(b); });
  return std::adjacent_find(begin, name_spans_.end(), [this](const Span& a, const Span& b) {
           return written(a) == written(b);
         }) == name_spans_.end();
}

ItemDecoder::Place ItemDecoder::place_of_member(std::size_t name_at, std::size_t size, const Place& place) const {
  const auto child = place.paths->children.find(written({name_at, size}));
  if (child == place.paths->children.end()) return {place.depth, rules_->numbers, nullptr};
  const NumberPaths& paths = child->second;
  return {place.depth, paths.has_policy ? paths.policy : rules_->numbers, &paths};
}

void ItemDecoder::watch(std::size_t name_at, std::size_t size, const char* value, Place& place) {
  for (std::size_t i = 0; i < watched_.size(); ++i) {
    if (watched_[i] != written({name_at, size})) continue;
    key_at_[i] = value;
    if (rules_->exact_key_fields) place.policy = NumberPolicy::key;
  }
}

// `at.in` is behind the opening brace and the blanks after it.
template <bool top_level>
ItemDecoder::At ItemDecoder::decode_members(At at, Place place) {
  if (*at.in == '}') return {at.in + 1, at.out};
  const std::size_t names_begin = name_hashes_.size();
  std::uint64_t seen = 0;  // a Bloom filter of one word: most names are new and need no comparison
  for (;;) {
    if (*at.in != '"') return fail("lacks a name in quotes");
    at = make_room(at);
    const std::size_t type_at = offset(at.out);
    const std::size_t name_at = type_at + 1;
    at = write_name<top_level>({at.in, at.out + 1});
    if (at.in == nullptr) return at;
    const std::size_t size = offset(at.out) - name_at;
    // Before the NUL is written: a load from two stores would wait for both.
    const std::uint32_t hash = hash_name(base_ + name_at, size);
    *at.out++ = 0;
    path_[path_size_++] = name_at;

    const std::uint64_t bit = std::uint64_t{1} << (hash & 63);
    if ((seen & bit) != 0 && name_hashes_.size() - names_begin < names_compared_one_by_one &&
        has_name(names_begin, hash, {name_at, size})) {
      return fail("stands twice in one map");
    }
    seen |= bit;
    name_hashes_.push_back(hash);
    name_spans_.push_back({name_at, size});

    const char* value = expect(at.in, ':');
    if (value == nullptr) return fail("has no ':' behind its name");
    Place member = place;
    if (place.paths != nullptr) [[unlikely]]
      member = place_of_member(name_at, size, place);
    if (top_level) watch(name_at, size, value, member);
    at = decode_value({value, at.out}, type_at, member);
    if (at.in == nullptr) return at;
    --path_size_;
    if (offset(at.out) - image_begin_ > document_bytes_max)
      return fail("makes the document larger than 16 MiB, which MongoDB cannot store");

    const char* in = skip_blanks(at.in);
    if (*in == ',') {
      at.in = skip_blanks(in + 1);
      continue;
    }
    if (*in != '}') return fail("is followed by neither ',' nor '}'");
    if (name_hashes_.size() - names_begin > names_compared_one_by_one && !names_differ(names_begin)) {
      return fail("holds one name twice");
    }
    name_hashes_.resize(names_begin);
    name_spans_.resize(names_begin);
    return {in + 1, at.out};
  }
}

// --- values

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

ItemDecoder::At ItemDecoder::decode_any_number(At at, std::size_t type_at, NumberPolicy policy) {
  std::string_view text;
  const char* in = json::read_string(at.in, text, scratch_);
  if (in == nullptr) return fail("is a number whose text is no JSON string");
  Number number;
  const NumberFault fault = parse_number(text, number);
  if (fault != NumberFault::none) return fail(number_cause(fault));
  const WrittenNumber written = write_number(number, policy, at.out);
  base_[type_at] = static_cast<std::uint8_t>(written.type);
  lossy_numbers_ += written.lossy ? 1 : 0;
  if (written.type == BsonType::string) {
    ++text_numbers_;
    tag("N");
  }
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
  lossy_numbers_ += written.lossy ? 1 : 0;
  if (written.type == BsonType::string) {
    ++text_numbers_;
    if (!rules_->sets_tagged) tag("N");  // the set's own tag says it otherwise
  }
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

// --- the whole

void ItemDecoder::start(const char* text_end, Binary binary, Buffer& out) {
  text_end_ = text_end;
  binary_ = binary;
  buffer_ = &out;
  image_begin_ = out.size();
  path_size_ = 0;
  name_hashes_.clear();
  name_spans_.clear();
  types_.clear();
  key_at_ = {};
  out.reserve_more(slack);
  base_ = out.data();
  room_end_ = base_ + out.capacity();
}

void ItemDecoder::watch_keys(const std::vector<std::string>& names, const NameRules& rules) {
  watched_.resize(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    const bool odd = name.empty() || name[0] == '$' || name[0] == '_' || rules.escape_dots ||
                     name.find_first_of(std::string_view("%\0", 2)) != std::string::npos;
    watched_[i] = odd ? escape_name(name, true, rules) : name;
  }
}

const char* ItemDecoder::decode(const char* in, const char* text_end, const ItemRules& rules, Binary binary,
                                Buffer& out) {
  rules_ = &rules;
  start(text_end, binary, out);
  if (*in != '{') return fail("is no object of typed attributes").in;
  const At at = decode_members<true>({skip_blanks(in + 1), out.end()}, {0, rules.numbers, rules.number_paths.get()});
  if (at.in == nullptr) {
    out.resize_to(image_begin_);
    return nullptr;
  }
  out.resize_to(at.out);
  return at.in;
}

// --- keys

const char* ItemDecoder::decode_key_value(const char* in, const char* text_end, Binary binary, KeyAttribute& key) {
  static const ItemRules plain;
  const std::size_t tags = types_.size();
  const std::size_t text_numbers = text_numbers_;
  key_value_.clear();
  key_value_.reserve_more(slack);
  rules_ = &plain;
  text_end_ = text_end;
  binary_ = binary;
  buffer_ = &key_value_;
  image_begin_ = 0;
  base_ = key_value_.data();
  room_end_ = base_ + key_value_.capacity();
  path_size_ = 0;
  At at = make_room({in, key_value_.end()});
  at = decode_value({at.in, at.out + 1}, 0, {0, NumberPolicy::key, nullptr});
  types_.resize(tags);
  text_numbers_ = text_numbers;
  if (at.in == nullptr) {
    fault_.path = key.name;
    return nullptr;
  }
  key.type = static_cast<BsonType>(base_[0]);
  key.value.assign(reinterpret_cast<const char*>(base_) + 1, offset(at.out) - 1);
  const bool empty = (key.type == BsonType::string || key.type == BsonType::binary) && key.value.size() == 5;
  const bool scalar = key.type != BsonType::array && key.type != BsonType::document && key.type != BsonType::boolean &&
                      key.type != BsonType::null;
  if (empty || !scalar)
    fault_ = {key.name, empty ? "is an empty key value" : "is a key attribute of a type other than S, N and B"};
  key.json = {in, static_cast<std::size_t>(at.in - in)};
  return empty || !scalar ? nullptr : at.in;
}

const char* ItemDecoder::decode_keys(const char* in, const char* text_end, Binary binary,
                                     std::vector<KeyAttribute>& keys) {
  std::size_t count = 0;  // what `keys` held before is overwritten: its memory is used again
  const auto refuse = [this](const char* cause) { return fault_ = {"Keys", cause}, nullptr; };
  if (*in != '{') return refuse("is no object");
  in = skip_blanks(in + 1);
  for (;;) {
    if (*in != '"') return refuse("holds no key attribute");
    if (count == 2) return refuse("holds more than two key attributes");
    std::string_view name;
    in = json::read_string(in, name, scratch_);
    if (keys.size() == count) keys.emplace_back();
    KeyAttribute& key = keys[count++];
    if (in != nullptr) key.name = name;
    in = in == nullptr ? nullptr : expect(in, ':');
    if (in == nullptr) return refuse("is no valid JSON object");
    if (count == 2 && keys[0].name == key.name) return refuse("holds one name twice");
    in = decode_key_value(in, text_end, binary, key);
    if (in == nullptr) return fault_.path = "Keys." + fault_.path, nullptr;
    in = skip_blanks(in);
    if (*in == '}') return keys.resize(count), in + 1;
    if (*in != ',') return refuse("is no valid JSON object");
    in = skip_blanks(in + 1);
  }
}

}  // namespace dynatlas
