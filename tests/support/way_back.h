// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dynatlas {

// The BSON of one Extended JSON document and nothing else. Where there is none, `cause` says why: `path | cause`.
std::optional<std::string> bson_of(std::string_view extended_json, std::string& cause);

// The DynamoDB-JSON item of a BSON document; empty where a soft delete left the document. Where there is none, `cause`
// says why: `path | cause`.
std::optional<std::string> item_of(std::string_view bson, std::string& cause);

// A BSON document with the metadata field behind its last member, as the target writes it: no field without `types`.
std::string with_types(std::string_view bson, const std::vector<std::pair<std::string, std::string>>& types);

}  // namespace dynatlas
