// SPDX-License-Identifier: Apache-2.0
#include "aws/json_object.h"

#include <fmt/format.h>
#include <simdjson.h>

namespace dynatlas {

namespace {

namespace dom = simdjson::dom;

bool read(std::string_view text, dom::parser& parser, dom::element& element) {
  return parser.parse(text.data(), text.size()).get(element) == simdjson::SUCCESS && element.is_object();
}

bool find(std::initializer_list<std::string_view> path, dom::element& element) {
  for (const std::string_view name : path) {
    dom::element member;
    if (element.at_key(name).get(member) != simdjson::SUCCESS) return false;
    element = member;
  }
  return true;
}

}  // namespace

bool is_json_object(std::string_view text) {
  dom::parser parser;
  dom::element element;
  return read(text, parser, element);
}

std::optional<std::string> json_text(std::string_view object, std::initializer_list<std::string_view> path) {
  dom::parser parser;
  dom::element element;
  std::string_view text;
  if (!read(object, parser, element) || !find(path, element) || element.get(text) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return std::string(text);
}

std::optional<std::int64_t> json_integer(std::string_view object, std::initializer_list<std::string_view> path) {
  dom::parser parser;
  dom::element element;
  std::int64_t number = 0;
  if (!read(object, parser, element) || !find(path, element) || element.get(number) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return number;
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c >= 0 && c < ' ') {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace dynatlas
