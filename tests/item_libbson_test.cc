// SPDX-License-Identifier: Apache-2.0
//
// libbson, which shares nothing with the decoder, as a witness: what we write is BSON, and says what we say that it
// says.
#include <bson/bson.h>
#include <gtest/gtest.h>

#include <charconv>
#include <memory>

#include "support/dice.h"
#include "support/json_tree.h"
#include "support/random_item.h"
#include "support/random_run.h"
#include "support/twin_check.h"

namespace dynatlas {
namespace {

struct FreeBsonText {
  void operator()(char* text) const { bson_free(text); }
};
using OwnedBsonText = std::unique_ptr<char, FreeBsonText>;

// Doubles by value: libbson prints 20 digits where 17 would do.
void print_comparably(std::string& out, const Json& json) {
  if (json.kind == Json::Kind::object) {
    for (const auto& [name, member] : json.members) {
      print_json_string(out, name);
      if (name == "$numberDouble") {
        double value = 0;
        std::from_chars(member.text.data(), member.text.data() + member.text.size(), value);
        out += std::to_string(value) + " " + std::to_string(std::hash<double>{}(value));
      } else {
        print_comparably(out, member);
      }
      out += '\n';
    }
    out += "}\n";
  } else if (json.kind == Json::Kind::array) {
    for (const Json& element : json.elements) print_comparably(out, element);
    out += "]\n";
  } else if (json.kind == Json::Kind::string) {
    print_json_string(out, json.text);
  } else {
    out += json.kind == Json::Kind::null ? "null" : json.truth ? "true" : "false";
  }
}

std::string comparable(std::string_view text) {
  const auto json = parse_json(text);
  if (!json) return "no JSON: " + std::string(text);
  std::string out;
  print_comparably(out, *json);
  return out;
}

std::string difference_to_libbson(const std::string& document) {
  bson_t bson;
  if (!bson_init_static(&bson, reinterpret_cast<const std::uint8_t*>(document.data()), document.size())) {
    return "libbson says that the length is wrong";
  }
  bson_error_t error{};
  constexpr int flags =
      BSON_VALIDATE_UTF8 | BSON_VALIDATE_UTF8_ALLOW_NULL | BSON_VALIDATE_DOLLAR_KEYS | BSON_VALIDATE_EMPTY_KEYS;
  if (!bson_validate_with_error(&bson, static_cast<bson_validate_flags_t>(flags), &error)) {
    return std::string("libbson refuses the document: ") + error.message;
  }
  const OwnedBsonText text(bson_as_canonical_extended_json(&bson, nullptr));
  if (text == nullptr) return "libbson cannot print the document";
  const std::string ours = canonical(document);
  if (comparable(ours) != comparable(text.get())) return "ours:    " + ours + "\nlibbson: " + text.get();

  bson_t back;
  if (!bson_init_from_json(&back, ours.data(), static_cast<ssize_t>(ours.size()), &error)) {
    return std::string("libbson cannot read our text: ") + error.message + "\n" + ours;
  }
  const bool equal = bson_equal(&back, &bson);
  bson_destroy(&back);
  return equal ? "" : "libbson reads something else in our text: " + ours;
}

TEST(ItemLibbson, ReadsEveryDocumentAsWeDo) {
  const auto check = [](std::mt19937_64& random) -> std::string {
    const TwinOptions options = twin_options(Dice(random).below(twin_options_count));
    const std::string item = random_item(random, {.binary_twice = options.binary_twice});
    std::string cause;
    const auto decoded = decode_whole_item(item, options, cause);
    if (!decoded) return cause + "\nitem: " + item;
    const std::string difference = difference_to_libbson(decoded->document);
    return difference.empty() ? "" : difference + "\nitem: " + item;
  };
  EXPECT_EQ(first_failure(10'000, check), "");
}

}  // namespace
}  // namespace dynatlas
