// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/field_name.h"
#include "change/limits.h"
#include "change/number.h"
#include "change/record.h"
#include "change/rules.h"

namespace dynatlas {

// Why an item was refused: `path` is the attribute's, of stored names; `cause` goes behind "the value".
struct ItemFault {
  std::string path;
  std::string cause;
};

// Decodes DynamoDB's typed JSON maps ({"pk":{"S":"1"}}) to BSON in one pass, judging them as DynamoDB does.
//
// The text must end in json::json_padding NUL bytes and be valid UTF-8. One decoder serves one thread.
class ItemDecoder {
 public:
  using Binary = BinaryText;

  // Appends the elements (no length, no closing NUL) of the map at `in`, its opening brace, to `out`. Returns the
  // position behind its closing brace, or null: see fault(). `text_end` bounds what a string can hold.
  const char* decode(const char* in, const char* text_end, const ItemRules& rules, Binary binary, Buffer& out);

  // Decodes a `Keys` map: one or two scalars, as they stand in `_id`.
  const char* decode_keys(const char* in, const char* text_end, Binary binary, std::vector<KeyAttribute>& keys);

  // Decodes the scalar at `in`, {"S":".."}, as it stands in `_id`.
  const char* decode_key_value(const char* in, const char* text_end, Binary binary, KeyAttribute& key);

  // The names that decode() looks for among the top-level attributes.
  void watch_keys(const std::vector<std::string>& names, const NameRules& rules);

  // Where the value of the watched name `i` began in the last decode(); null when it was absent.
  const char* key_at(std::size_t i) const { return key_at_[i]; }

  const ItemFault& fault() const { return fault_; }
  const std::vector<TypeTag>& types() const { return types_; }
  const NumberCounts& numbers() const { return counts_; }

 private:
  enum class Type : std::uint8_t { unknown, s, n, b, boolean, null, ss, ns, bs, l, m };

  // Where reading and writing stand, both in registers. `in` is null after a fault.
  struct At {
    const char* in;
    std::uint8_t* out;
  };
  struct Span {
    std::size_t begin;
    std::size_t size;
  };
  // What a value inherits from where it stands.
  struct Place {
    int depth;  // lists and maps around it
    NumberPolicy policy;
    const NumberPaths* paths;  // below this path; null where none differ
  };

  template <bool top_level>
  At decode_members(At at, Place place);
  template <bool top_level>
  At write_name(At at);
  At write_odd_name(At at, bool top_level);
  Place place_of_member(std::size_t name_at, std::size_t size, const Place& place) const;
  void watch(std::size_t name_at, std::size_t size, const char* value, Place& place);

  At decode_value(At at, std::size_t type_at, const Place& place);
  static Type read_compact_type(const char* in);
  static Type read_type(const char*& in);
  Type read_odd_type(const char*& in);
  At decode_typed(Type type, At at, std::size_t type_at, const Place& place);
  At decode_string(At at);
  At decode_number(At at, std::size_t type_at, NumberPolicy policy);
  void count(const WrittenNumber& written, NumberPolicy policy);
  At decode_any_number(At at, std::size_t type_at, NumberPolicy policy);
  At decode_binary(At at);
  At decode_bool(At at);
  At decode_null(At at);
  At decode_list(At at, const Place& place);
  At decode_map(At at, const Place& place);
  At decode_set(At at, Type type, const Place& place);
  At decode_set_member(At at, std::size_t type_at, Type type, NumberPolicy policy);
  bool has_equal_members(Type type);

  // What one member or element writes beside the text that it copies: a type, a number or a list's index, lengths,
  // escapes of a name's first character, and the 16 bytes that vector stores pass the end by.
  static constexpr std::size_t slack = 512;

  // What follows copies at most the rest of the text, so one comparison covers a name and its value.
  At make_room(At at) {
    const std::size_t room = static_cast<std::size_t>(text_end_ - at.in) + slack;
    return static_cast<std::size_t>(room_end_ - at.out) >= room ? at : make_room_for(at, room);
  }
  At make_room_for(At at, std::size_t room);
  static At open_document(At at) { return {at.in, at.out + 4}; }
  At close_document(At at, std::size_t begin) {
    *at.out++ = 0;
    store_length(base_ + begin, offset(at.out) - begin);
    return at;
  }
  static void store_length(std::uint8_t* at, std::size_t length) {
    const auto value = static_cast<std::uint32_t>(length);
    std::memcpy(at, &value, sizeof value);  // little endian, as BSON is (change/bson.h)
  }
  bool names_differ(std::size_t names_begin);
  bool has_name(std::size_t names_begin, std::uint32_t hash, const Span& name) const;
  std::string_view written(const Span& span) const {
    return {reinterpret_cast<const char*>(base_ + span.begin), span.size};
  }
  std::size_t offset(const std::uint8_t* at) const { return static_cast<std::size_t>(at - base_); }
  void tag(std::string_view type);
  std::string path() const;
  At fail(std::string_view cause);
  void use(const ItemRules& rules);
  void start(const char* text_end, Binary binary, Buffer& out);

  std::uint8_t* base_ = nullptr;
  std::uint8_t* room_end_ = nullptr;
  const char* text_end_ = nullptr;
  Buffer* buffer_ = nullptr;
  std::size_t image_begin_ = 0;
  const ItemRules* rules_ = nullptr;
  char reserved_ = '_';  // what the metadata field's name begins with
  Binary binary_ = Binary::once;

  std::array<std::size_t, nesting_max + 4> path_{};  // where each name above the current value begins in the output
  std::size_t path_size_ = 0;
  std::vector<std::uint32_t> name_hashes_;  // of the names of all open maps
  std::vector<Span> name_spans_;            // the same names, in the output
  std::vector<Span> members_;               // of the current set, in the output
  std::vector<Number> numbers_;             // of the current number set
  std::vector<TypeTag> types_;
  std::vector<std::string> watched_;  // stored names
  std::array<const char*, 2> key_at_{};
  std::string scratch_;
  Buffer inner_base64_;
  Buffer key_value_;
  ItemFault fault_;
  NumberCounts counts_;
};

}  // namespace dynatlas
