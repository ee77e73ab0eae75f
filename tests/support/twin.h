// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dynatlas {

// How the twin is asked to store an item; the defaults are the program's.
struct TwinOptions {
  std::string numbers = "natural";  // natural | decimal | double | string
  bool escape_dots = false;
  std::string metadata = "_dynatlas";
  bool binary_twice = false;
  bool sets_tagged = true;
};

// What is stored for one item, without `_id` and without the metadata field.
struct TwinDocument {
  // Canonical Extended JSON v2 without blanks, such as {"a":{"$numberInt":"1"},"b":["x"]}. Attributes stand in the
  // order of the item; strings are escaped only where JSON asks for it; a double is printed as double_as_text() does; a
  // Decimal128 from its coefficient without trailing zeros.
  std::string canonical;

  // The metadata's `types`, path to "SS", "NS", "BS" or "N", in order of occurrence.
  std::vector<std::pair<std::string, std::string>> types;
};

// The slow, obvious twin of the decoder: a second reading of the specification, to compare with.
//
// Works on the whole text of one DynamoDB-JSON item, such as {"pk":{"S":"1"}}, and on numbers as text. Nothing when the
// item is poison.
std::optional<TwinDocument> twin_document(std::string_view item_json, const TwinOptions& options);

// The way back: the normalised item that `document` was made of.
//
// Equal to `normalised_item` of that item when sets are tagged and numbers are not "double". Empty when `document` is
// none that `twin_document` makes.
std::string twin_item(const TwinDocument& document);

// The item as DynamoDB itself would print it, without blanks: numbers plain and normalised, binaries base64 once,
// strings escaped only where JSON asks for it. Attributes and set members keep their order. Empty for poison.
std::string normalised_item(std::string_view item_json, bool binary_twice = false);

}  // namespace dynatlas
