// SPDX-License-Identifier: Apache-2.0
#include "twin_check.h"

#include <simdjson.h>

#include <array>
#include <memory>

#include "change/bson.h"
#include "decode/extended_json.h"
#include "decode/item.h"
#include "decode/json.h"

namespace dynatlas {
namespace {

constexpr std::array<std::pair<std::string_view, NumberPolicy>, 4> policies = {{
    {"natural", NumberPolicy::natural},
    {"decimal", NumberPolicy::decimal},
    {"double", NumberPolicy::real},
    {"string", NumberPolicy::string},
}};

std::string shown(const std::vector<std::pair<std::string, std::string>>& types) {
  std::string text;
  for (const auto& [path, type] : types) text.append(path).append(" ").append(type).append("\n");
  return text;
}

}  // namespace

TwinOptions twin_options(size_t bits) {
  TwinOptions options;
  options.numbers = policies[bits & 3].first;
  options.escape_dots = (bits & 4) != 0;
  options.binary_twice = (bits & 8) != 0;
  options.sets_tagged = (bits & 16) == 0;
  return options;
}

ItemRules item_rules(const TwinOptions& options) {
  ItemRules rules;
  for (const auto& [name, policy] : policies) {
    if (options.numbers == name) rules.numbers = policy;
  }
  rules.names = {options.metadata, options.escape_dots};
  rules.sets_tagged = options.sets_tagged;
  return rules;
}

std::optional<DecodedItem> decode_whole_item(std::string_view text, const TwinOptions& options, std::string& cause) {
  // As long as the decoder may read and no longer, for the address sanitizer to see.
  const auto padded = std::make_unique<char[]>(text.size() + json::json_padding);
  text.copy(padded.get(), text.size());
  const char* const end = padded.get() + text.size();
  const ItemRules rules = item_rules(options);
  const auto binary = options.binary_twice ? ItemDecoder::Binary::twice : ItemDecoder::Binary::once;

  ItemDecoder decoder;
  Buffer out;
  OpenDocument document(out);
  const char* behind = decoder.decode(json::skip_blanks(padded.get()), end, rules, binary, out);
  if (behind == nullptr) {
    cause = decoder.fault().path + ": " + decoder.fault().cause;
    return std::nullopt;
  }
  document.close();
  // What else makes a text no item is judged by who calls the decoder.
  if (json::skip_blanks(behind) != end || !simdjson::validate_utf8(text.data(), text.size())) {
    cause = "something behind the item, or no UTF-8";
    return std::nullopt;
  }
  DecodedItem decoded{std::string(out.view()), {}};
  for (const TypeTag& tag : decoder.types()) decoded.types.emplace_back(tag.path, tag.type);
  return decoded;
}

std::string canonical(std::string_view document) {
  Buffer out;
  const auto written = ExtendedJsonWriter(ExtendedJson::canonical, out).document(document);
  return written ? std::string(out.view()) : "refused: " + written.error().message;
}

std::string difference_to_twin(std::string_view text, const TwinOptions& options) {
  std::string cause;
  const auto decoded = decode_whole_item(text, options, cause);
  const auto expected = twin_document(text, options);
  if (!decoded && !expected) return {};
  if (!decoded) return "the decoder refuses what the twin takes: " + cause + "\ntwin: " + expected->canonical;
  const std::string got = canonical(decoded->document);
  if (!expected) return "the decoder takes what the twin refuses: " + got;
  if (got != expected->canonical) return "documents differ\ndecoder: " + got + "\ntwin:    " + expected->canonical;
  if (decoded->types != expected->types) {
    return "types differ\ndecoder:\n" + shown(decoded->types) + "twin:\n" + shown(expected->types);
  }
  return {};
}

}  // namespace dynatlas
