// SPDX-License-Identifier: Apache-2.0
#include "decode/item.h"

#include <algorithm>
#include <cstring>

#include "decode/json.h"

namespace dynatlas {

namespace {

using json::expect;
using json::skip_blanks;

// Above this many names in one map, they are compared once by sorting when the map ends: no input makes that quadratic.
constexpr std::size_t names_compared_one_by_one = 128;

std::uint64_t load_word(const std::uint8_t* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof word);
  return word;
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

}  // namespace

ItemDecoder::At ItemDecoder::make_room_for(At at, std::size_t room) {
  buffer_->resize_to(at.out);
  buffer_->reserve_more(room);
  base_ = buffer_->data();
  room_end_ = base_ + buffer_->capacity();
  return {at.in, buffer_->end()};
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
  const bool may_be_reserved = top_level && (*begin == '_' || *begin == static_cast<std::uint8_t>(reserved_));
  const bool plain = *behind.in == '"' && behind.out != begin && *begin != '$' && !may_be_reserved;
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

// decode_map() calls it from the other file.
template ItemDecoder::At ItemDecoder::decode_members<false>(At at, Place place);

// --- the whole

void ItemDecoder::use(const ItemRules& rules) {
  rules_ = &rules;
  reserved_ = rules.names.metadata.empty() ? '_' : rules.names.metadata[0];
}

void ItemDecoder::start(const char* text_end, Binary binary, Buffer& out) {
  text_end_ = text_end;
  binary_ = binary;
  buffer_ = &out;
  image_begin_ = out.size();
  path_size_ = 0;
  name_hashes_.clear();
  name_spans_.clear();
  types_.clear();
  counts_ = {};
  key_at_ = {};
  out.reserve_more(slack);
  base_ = out.data();
  room_end_ = base_ + out.capacity();
}

void ItemDecoder::watch_keys(const std::vector<std::string>& names, const NameRules& rules) {
  watched_.resize(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    const bool odd = name.empty() || name[0] == '$' || name[0] == '_' || name == rules.metadata || rules.escape_dots ||
                     name.find_first_of(std::string_view("%\0", 2)) != std::string::npos;
    watched_[i] = odd ? escape_name(name, true, rules) : name;
  }
}

const char* ItemDecoder::decode(const char* in, const char* text_end, const ItemRules& rules, Binary binary,
                                Buffer& out) {
  use(rules);
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
  const NumberCounts counts = counts_;
  key_value_.clear();
  key_value_.reserve_more(slack);
  use(plain);
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
  counts_ = counts;
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
