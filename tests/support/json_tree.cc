// SPDX-License-Identifier: Apache-2.0
#include "json_tree.h"

#include <nlohmann/json.hpp>
#include <set>
#include <utility>

namespace dynatlas {
namespace {

class TreeBuilder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Json root;

  bool null() override { return add({}); }
  bool boolean(bool truth) override { return add({Json::Kind::boolean, truth, {}, {}, {}}); }
  bool number_integer(number_integer_t) override { return add({Json::Kind::number, false, {}, {}, {}}); }
  bool number_unsigned(number_unsigned_t) override { return add({Json::Kind::number, false, {}, {}, {}}); }
  bool number_float(number_float_t, const string_t&) override { return add({Json::Kind::number, false, {}, {}, {}}); }
  bool string(string_t& text) override { return add({Json::Kind::string, false, text, {}, {}}); }
  bool binary(binary_t&) override { return false; }
  bool start_object(size_t) override { return open(Json::Kind::object); }
  bool end_object() override { return close(); }
  bool start_array(size_t) override { return open(Json::Kind::array); }
  bool end_array() override { return close(); }
  bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override { return false; }

  bool key(string_t& name) override {
    open_.back().name = name;
    return open_.back().names.insert(name).second;
  }

 private:
  // Far beyond what any valid item needs, which is some 200: every list or map is two levels of JSON.
  static constexpr size_t levels_max = 1000;

  struct Open {
    Json json;
    std::string name;  // of the member that comes next
    std::set<std::string> names;
  };

  bool open(Json::Kind kind) {
    if (open_.size() == levels_max) return false;
    open_.emplace_back().json.kind = kind;
    return true;
  }

  bool close() {
    Json done = std::move(open_.back().json);
    open_.pop_back();
    return add(std::move(done));
  }

  bool add(Json json) {
    if (open_.empty()) {
      root = std::move(json);
    } else if (open_.back().json.kind == Json::Kind::array) {
      open_.back().json.elements.push_back(std::move(json));
    } else {
      open_.back().json.members.push_back({open_.back().name, std::move(json)});
    }
    return true;
  }

  std::vector<Open> open_;
};

}  // namespace

std::optional<Json> parse_json(std::string_view text) {
  // nlohmann-json takes a NUL for the end of the input and passes over a byte order mark; JSON text knows neither.
  if (text.find('\0') != std::string_view::npos || text.starts_with("\xEF\xBB\xBF")) return std::nullopt;
  TreeBuilder builder;
  if (!nlohmann::json::sax_parse(text.begin(), text.end(), &builder)) return std::nullopt;
  return std::move(builder.root);
}

void print_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (const auto byte = static_cast<unsigned char>(c); byte < 0x20) {
          out += "\\u00";
          out += hex[byte >> 4];
          out += hex[byte & 15];
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

}  // namespace dynatlas
