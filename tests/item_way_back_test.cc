// SPDX-License-Identifier: Apache-2.0
//
// Item to document to item on random items: the identity, and what the twin says. docs/testing.md says how to run
// millions and how to repeat one.
#include <gtest/gtest.h>

#include "decode/extended_json.h"
#include "support/dice.h"
#include "support/random_item.h"
#include "support/random_run.h"
#include "support/twin_check.h"
#include "support/way_back.h"

namespace dynatlas {
namespace {

// Those under which nothing is lost.
TwinOptions some_lossless_options(std::mt19937_64& random) {
  TwinOptions options = twin_options(Dice(random).below(twin_options_count));
  options.sets_tagged = true;
  if (options.numbers == "double") options.numbers = "natural";
  return options;
}

std::string extended_json(std::string_view document, ExtendedJson form) {
  Buffer out;
  const auto written = ExtendedJsonWriter(form, out).document(document);
  return written ? std::string(out.view()) : "refused: " + written.error().message;
}

// What goes wrong on the way back from `document`, which was made of an item that DynamoDB would print as `expected`.
std::string wrong_from_bson(std::string_view document, const std::string& expected) {
  std::string cause;
  const auto item = item_of(document, cause);
  if (!item) return "from BSON: " + cause;
  return *item == expected ? "" : "from BSON: " + *item;
}

std::string wrong_from_text(const std::string& text, const std::string& expected) {
  std::string cause;
  const auto document = bson_of(text, cause);
  if (!document) return "Extended JSON refused: " + cause + "\n" + text;
  const std::string wrong = wrong_from_bson(*document, expected);
  return wrong.empty() ? "" : "from " + text + "\n" + wrong;
}

std::string wrong_with(const std::string& text, const TwinOptions& options) {
  std::string difference = difference_to_twin(text, options);
  if (!difference.empty()) return difference;
  std::string cause;
  const auto decoded = decode_whole_item(text, options, cause);
  if (!decoded) return cause;
  const std::string expected = normalised_item(text, options.binary_twice);
  const std::string document = with_types(decoded->document, decoded->types);
  if (std::string wrong = wrong_from_bson(document, expected); !wrong.empty()) return wrong + "\nis not " + expected;
  const std::string canonical = extended_json(document, ExtendedJson::canonical);
  if (bson_of(canonical, cause) != document) return "canonical Extended JSON is read as another document: " + canonical;
  for (const ExtendedJson form : {ExtendedJson::canonical, ExtendedJson::relaxed}) {
    const std::string wrong = wrong_from_text(extended_json(document, form), expected);
    if (!wrong.empty()) return wrong + "\nis not " + expected;
  }
  return {};
}

TEST(ItemWayBack, IsTheIdentityThroughBsonAndExtendedJson) {
  const auto check = [](std::mt19937_64& random) -> std::string {
    const TwinOptions options = some_lossless_options(random);
    const std::string item = random_item(random, {.binary_twice = options.binary_twice});
    const std::string wrong = wrong_with(item, options);
    return wrong.empty() ? "" : wrong + "\nitem: " + item;
  };
  EXPECT_EQ(first_failure(10'000, check), "");
}

}  // namespace
}  // namespace dynatlas
