// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "change/rules.h"
#include "twin.h"

namespace dynatlas {

// All combinations that the twin knows: bits 0 and 1 are the number policy (natural, decimal, double, string), bit 2
// escapes dots, bit 3 has binaries twice, bit 4 leaves sets without their tags.
inline constexpr size_t twin_options_count = 32;
TwinOptions twin_options(size_t bits);

// The same options as the decoder takes them.
ItemRules item_rules(const TwinOptions& options);

// What the decoder makes of a text that is one item and nothing else.
struct DecodedItem {
  std::string document;  // BSON, without `_id` and without the metadata field
  std::vector<std::pair<std::string, std::string>> types;
};

// Nothing for poison; then `cause` is the decoder's.
std::optional<DecodedItem> decode_whole_item(std::string_view text, const TwinOptions& options, std::string& cause);

// Canonical Extended JSON.
std::string canonical(std::string_view document);

// What the decoder and its twin say differently of `text`, for a person to read; empty where they agree.
std::string difference_to_twin(std::string_view text, const TwinOptions& options);

}  // namespace dynatlas
