// SPDX-License-Identifier: Apache-2.0
#include "twin.h"

#include <map>
#include <set>

#include "json_tree.h"
#include "text_base64.h"
#include "text_number.h"

namespace dynatlas {
namespace {

// ---- The item: JSON judged as DynamoDB judges it ----

struct Member;
using Members = std::vector<Member>;

struct Value {
  std::string type;  // DynamoDB's own name of it
  std::string text;  // S, and B as bytes
  TextNumber number;
  bool truth = false;
  std::vector<Value> elements;  // L, and the sets as values of S, N, B
  Members members;
};

struct Member {
  std::string name;
  Value value;
};

constexpr int nesting_max = 99;

std::optional<Members> read_members(const Json& json, int nesting, bool twice);

std::optional<Value> read_scalar(const std::string& type, const Json& json, bool twice) {
  if (json.kind != Json::Kind::string) return std::nullopt;
  Value value;
  value.type = type;
  if (type == "S") {
    value.text = json.text;
  } else if (type == "N") {
    const auto number = read_text_number(json.text);
    if (!number || !dynamodb_keeps(*number)) return std::nullopt;
    value.number = *number;
  } else {
    auto bytes = text_base64_decode(json.text);
    if (bytes && twice) bytes = text_base64_decode(*bytes);
    if (!bytes) return std::nullopt;
    value.text = *bytes;
  }
  return value;
}

std::optional<Value> read_set(const std::string& type, const Json& json, bool twice) {
  if (json.kind != Json::Kind::array || json.elements.empty()) return std::nullopt;
  Value set;
  set.type = type;
  std::set<std::pair<std::string, TextNumber>> seen;
  for (const Json& element : json.elements) {
    auto member = read_scalar(type.substr(0, 1), element, twice);
    if (!member || !seen.emplace(member->text, member->number).second) return std::nullopt;
    set.elements.push_back(*std::move(member));
  }
  return set;
}

// `nesting` is what this value has if it is a list or a map; an attribute of the item has 1.
std::optional<Value> read_value(const Json& json, int nesting, bool twice) {
  if (json.kind != Json::Kind::object || json.members.size() != 1) return std::nullopt;
  const auto& [type, inner] = json.members.front();
  if (type == "S" || type == "N" || type == "B") return read_scalar(type, inner, twice);
  if (type == "SS" || type == "NS" || type == "BS") return read_set(type, inner, twice);

  Value value;
  value.type = type;
  if (type == "BOOL") {
    if (inner.kind != Json::Kind::boolean) return std::nullopt;
    value.truth = inner.truth;
    return value;
  }
  if (type == "NULL") {
    if (inner.kind != Json::Kind::boolean || !inner.truth) return std::nullopt;
    return value;
  }
  if (nesting > nesting_max) return std::nullopt;
  if (type == "L") {
    if (inner.kind != Json::Kind::array) return std::nullopt;
    for (const Json& element : inner.elements) {
      auto read = read_value(element, nesting + 1, twice);
      if (!read) return std::nullopt;
      value.elements.push_back(*std::move(read));
    }
    return value;
  }
  if (type == "M") {
    auto members = read_members(inner, nesting + 1, twice);
    if (!members) return std::nullopt;
    value.members = *std::move(members);
    return value;
  }
  return std::nullopt;
}

std::optional<Members> read_members(const Json& json, int nesting, bool twice) {
  if (json.kind != Json::Kind::object) return std::nullopt;
  Members members;
  for (const auto& [name, inner] : json.members) {
    auto value = read_value(inner, nesting, twice);
    if (!value) return std::nullopt;
    members.push_back({name, *std::move(value)});
  }
  return members;
}

std::optional<Members> read_item(std::string_view text, bool twice) {
  const auto json = parse_json(text);
  return json ? read_members(*json, 1, twice) : std::nullopt;
}

void print_members(std::string& out, const Members& members);

void print_scalar(std::string& out, const Value& value) {
  print_json_string(out, value.type == "N"   ? plain(value.number)
                         : value.type == "B" ? text_base64_encode(value.text)
                                             : value.text);
}

void print_value(std::string& out, const Value& value) {
  out += "{\"" + value.type + "\":";
  if (value.type == "M") {
    print_members(out, value.members);
  } else if (value.type == "BOOL") {
    out += value.truth ? "true" : "false";
  } else if (value.type == "NULL") {
    out += "true";
  } else if (value.type == "S" || value.type == "N" || value.type == "B") {
    print_scalar(out, value);
  } else {
    out += '[';
    for (const Value& element : value.elements) {
      if (out.back() != '[') out += ',';
      if (value.type == "L") {
        print_value(out, element);
      } else {
        print_scalar(out, element);
      }
    }
    out += ']';
  }
  out += '}';
}

void print_members(std::string& out, const Members& members) {
  out += '{';
  for (const auto& [name, value] : members) {
    if (out.back() != '{') out += ',';
    print_json_string(out, name);
    out += ':';
    print_value(out, value);
  }
  out += '}';
}

// ---- The document ----

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Whether text[at] is a `%` that two hex digits follow.
bool is_escape(std::string_view text, size_t at) {
  return at + 2 < text.size() && text[at] == '%' && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
}

std::string escaped(char c) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  return {'%', hex[byte >> 4], hex[byte & 15]};
}

std::string stored_name(const std::string& name, bool top_level, const TwinOptions& options) {
  if (name.empty()) return "%";
  if (name == "%") return "%25";
  const bool taken = top_level && (name == "_id" || name == options.metadata);
  std::string stored;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool first = i == 0 && (c == '$' || taken);
    const bool anywhere = c == '\0' || is_escape(name, i) || (c == '.' && options.escape_dots);
    stored += first || anywhere ? escaped(c) : std::string(1, c);
  }
  return stored;
}

std::string source_name(const std::string& stored) {
  if (stored == "%") return "";
  std::string name;
  for (size_t i = 0; i < stored.size(); ++i) {
    if (is_escape(stored, i)) {
      name += static_cast<char>(hex_value(stored[i + 1]) * 16 + hex_value(stored[i + 2]));
      i += 2;
    } else {
      name += stored[i];
    }
  }
  return name;
}

std::string path_to(const std::string& parent, const std::string& stored) {
  std::string path = parent;
  for (const char c : stored) {
    if (c == '.' || c == '\\') path += '\\';
    path += c;
  }
  return path;
}

// Writes one document, and counts the bytes that it has as BSON.
class DocumentWriter {
 public:
  explicit DocumentWriter(const TwinOptions& options) : options_(options) {}

  TwinDocument document;

  // `parent` is empty at the top, else it ends with the dot.
  size_t members(const Members& members, const std::string& parent, bool top_level) {
    size_t bytes = 4 + 1;
    document.canonical += '{';
    for (const auto& [name, member] : members) {
      if (document.canonical.back() != '{') document.canonical += ',';
      const std::string stored = stored_name(name, top_level, options_);
      print_json_string(document.canonical, stored);
      document.canonical += ':';
      bytes += 1 + stored.size() + 1 + value(member, path_to(parent, stored));
    }
    document.canonical += '}';
    return bytes;
  }

 private:
  size_t value(const Value& value, const std::string& path) {
    std::string& out = document.canonical;
    if (value.type == "S") return string(value.text);
    if (value.type == "N") return number(value.number, path, true);
    if (value.type == "M") return members(value.members, path + ".", false);
    if (value.type == "L") return elements(value, path, true);
    if (value.type == "BOOL") {
      out += value.truth ? "true" : "false";
      return 1;
    }
    if (value.type == "NULL") {
      out += "null";
      return 0;
    }
    if (value.type == "B") {
      out += R"({"$binary":{"base64":")" + text_base64_encode(value.text) + R"(","subType":"00"}})";
      return 4 + 1 + value.text.size();
    }
    if (options_.sets_tagged) document.types.emplace_back(path, value.type);
    return elements(value, path, !options_.sets_tagged);
  }

  // A number in a tagged set needs no tag of its own when it is kept as a string.
  size_t elements(const Value& list, const std::string& path, bool tag_numbers) {
    size_t bytes = 4 + 1;
    document.canonical += '[';
    for (size_t i = 0; i < list.elements.size(); ++i) {
      if (i > 0) document.canonical += ',';
      const std::string position = std::to_string(i);
      const std::string element_path = std::string(path).append(".").append(position);
      const Value& element = list.elements[i];
      bytes += 1 + position.size() + 1;
      bytes += element.type == "N" ? number(element.number, element_path, tag_numbers) : value(element, element_path);
    }
    document.canonical += ']';
    return bytes;
  }

  size_t string(const std::string& text) {
    print_json_string(document.canonical, text);
    return 4 + text.size() + 1;
  }

  size_t number(const TextNumber& number, const std::string& path, bool tag) {
    const std::string& policy = options_.numbers;
    if (policy == "double") return wrapped_double(nearest_double(number));
    if (policy != "string") {
      if (is_integer_up_to(number, "2147483647", "2147483648")) return wrapped("$numberInt", plain(number), 4);
      if (is_integer_up_to(number, "9223372036854775807", "9223372036854775808")) {
        return wrapped("$numberLong", plain(number), 8);
      }
      if (const double nearest = nearest_double(number); policy == "natural" && shortest_decimal(nearest) == number) {
        return wrapped_double(nearest);
      }
      if (number.digits.size() <= 34) return wrapped("$numberDecimal", decimal128_as_text(number), 16);
    }
    if (tag) document.types.emplace_back(path, "N");
    return string(plain(number));
  }

  size_t wrapped_double(double value) { return wrapped("$numberDouble", double_as_text(value), 8); }

  size_t wrapped(const std::string& wrapper, const std::string& text, size_t bytes) {
    document.canonical += "{\"" + wrapper + "\":\"" + text + "\"}";
    return bytes;
  }

  const TwinOptions& options_;
};

// ---- The way back ----

using Types = std::map<std::string, std::string>;

std::optional<Members> restored_members(const Json& json, const std::string& parent, const Types& types);

std::optional<Value> restored_scalar(const Json& json, const std::string& type) {
  Value value;
  value.type = type;
  const Json* inner = &json;
  if (json.kind == Json::Kind::object) inner = &json.members.front().json;
  if (type == "N") {
    const auto number = read_text_number(inner->text);
    if (!number) return std::nullopt;
    value.number = *number;
  } else if (type == "B") {
    if (inner->members.empty()) return std::nullopt;
    const auto bytes = text_base64_decode(inner->members.front().json.text);
    if (!bytes) return std::nullopt;
    value.text = *bytes;
  } else {
    value.text = inner->text;
  }
  return value;
}

std::optional<Value> restored(const Json& json, const std::string& path, const Types& types) {
  const auto found = types.find(path);
  const std::string tag = found == types.end() ? "" : found->second;
  Value value;
  switch (json.kind) {
    case Json::Kind::null:
      value.type = "NULL";
      return value;
    case Json::Kind::boolean:
      value.type = "BOOL";
      value.truth = json.truth;
      return value;
    case Json::Kind::string:
      return restored_scalar(json, tag == "N" ? "N" : "S");
    case Json::Kind::number:
      return std::nullopt;
    case Json::Kind::array:
      value.type = tag.empty() ? "L" : tag;
      for (size_t i = 0; i < json.elements.size(); ++i) {
        auto element = tag.empty() ? restored(json.elements[i], path + "." + std::to_string(i), types)
                                   : restored_scalar(json.elements[i], tag.substr(0, 1));
        if (!element) return std::nullopt;
        value.elements.push_back(*std::move(element));
      }
      return value;
    case Json::Kind::object:
      break;
  }
  // No stored name begins with `$`: what does is Extended JSON's own.
  if (json.members.size() == 1 && json.members.front().name.starts_with("$")) {
    return restored_scalar(json, json.members.front().name == "$binary" ? "B" : "N");
  }
  auto members = restored_members(json, path + ".", types);
  if (!members) return std::nullopt;
  value.type = "M";
  value.members = *std::move(members);
  return value;
}

std::optional<Members> restored_members(const Json& json, const std::string& parent, const Types& types) {
  if (json.kind != Json::Kind::object) return std::nullopt;
  Members members;
  for (const auto& [stored, inner] : json.members) {
    auto value = restored(inner, path_to(parent, stored), types);
    if (!value) return std::nullopt;
    members.push_back({source_name(stored), *std::move(value)});
  }
  return members;
}

constexpr size_t document_bytes_max = 16 * 1024 * 1024;

}  // namespace

std::optional<TwinDocument> twin_document(std::string_view item_json, const TwinOptions& options) {
  const auto item = read_item(item_json, options.binary_twice);
  if (!item) return std::nullopt;
  DocumentWriter writer(options);
  if (writer.members(*item, "", true) > document_bytes_max) return std::nullopt;
  return std::move(writer.document);
}

std::string twin_item(const TwinDocument& document) {
  const auto json = parse_json(document.canonical);
  const auto item =
      json ? restored_members(*json, "", Types(document.types.begin(), document.types.end())) : std::nullopt;
  std::string text;
  if (item) print_members(text, *item);
  return text;
}

std::string normalised_item(std::string_view item_json, bool binary_twice) {
  const auto item = read_item(item_json, binary_twice);
  std::string text;
  if (item) print_members(text, *item);
  return text;
}

}  // namespace dynatlas
