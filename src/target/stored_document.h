// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "change/change.h"

namespace dynatlas {

// What a stored document's metadata field says.
struct StoredState {
  bool has_metadata = false;
  std::optional<Version> version;
};

// The version whose `t` and `s` stand on top of a document; none where `t` is no number or `s` no text.
std::optional<Version> version_in(std::string_view document);

// Poison where the bytes are no BSON document.
Result<StoredState> stored_state(std::string_view document, std::string_view metadata_name);

// The key of a document that somebody else wrote, in our one form of each key: its `_id` or, where `fields` are given,
// those. Fatal where the document has no such key.
Result<StoredKey> key_of_document(std::string_view document, const std::vector<std::string>& fields);

// The names of the elements of a BSON document.
std::vector<std::string> names_in(std::string_view document);

// The document with another `_id` (or its first), which comes first.
std::string with_id(std::string_view document, BsonType type, std::string_view id);

// The document's `_id`, where it has one.
std::optional<BsonElement> id_of(std::string_view document);

// The document with an empty metadata field at its end, where it has none.
std::string with_metadata_field(std::string_view document, std::string_view metadata_name);

// The document as a soft delete leaves it: t, s and `deleted` set, all else as it was.
std::string soft_deleted(std::string_view document, const Version& version, std::string_view metadata_name);

}  // namespace dynatlas
