// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "change/change.h"

namespace dynatlas {

// Where a version stands in a document: in the metadata field of the users' documents, on top of a tombstone.
struct VersionPlace {
  std::string t;  // a dotted path
  std::string s;
  std::string holder;  // the field that holds both; empty where they stand on top

  static VersionPlace in_field(const std::string& metadata) { return {metadata + ".t", metadata + ".s", metadata}; }
  static VersionPlace on_top() { return {"t", "s", ""}; }
};

// Filters of the guard: BSON documents that match the document of one key only while what it holds is older. Documents
// whose version is absent, or is no number and text, count as the oldest. A filter's only equality on its top level is
// the key, so that an upsert copies nothing else from it (docs/mongodb.md, "The guard in MongoDB").
class KeyFilter {
 public:
  // `by_fields`: the key is the key attributes as fields (`id: objectid`), else it is `_id`.
  KeyFilter(const StoredKey& key, bool by_fields);

  // {key}
  std::string any() const;

  // Matches nothing: an upsert with it inserts or fails.
  std::string none(const VersionPlace& place) const;

  // What is older than `version`.
  std::string older(const VersionPlace& place, const Version& version) const;

  // What is older than `version` or of it.
  std::string not_newer(const VersionPlace& place, const Version& version) const;

 private:
  std::string with(std::string_view elements) const;

  std::string key_;  // BSON elements
};

// Of a document of our own whose `_id` is a text.
KeyFilter id_filter(const std::string& id);

// Filters as KeyFilter::older() makes them, for many keys whose versions differ in numbers, hardly in their lengths:
// what they have in common is made once.
class OlderFilters {
 public:
  // Where `document_field` is not empty, the filters also ask for a document in it.
  OlderFilters(VersionPlace place, bool by_fields, const std::string& document_field);

  // Appends the filter of one key to `out`.
  void append(Buffer& out, const StoredKey& key, const Version& version);

 private:
  void make(const Version& version);

  VersionPlace place_;
  bool by_fields_;
  std::string more_;      // elements behind the version's
  std::string elements_;  // of the version that was last, with its numbers at these places
  std::size_t t_at_[2] = {0, 0};
  std::size_t s_at_ = 0;
  std::size_t s_size_ = 0;  // 0: another version needs other elements
};

// Adds to a filter that `field` holds a document, or that it does not.
std::string and_holds_document(std::string_view filter, std::string_view field);
std::string and_holds_no_document(std::string_view filter, std::string_view field);

// The documents of all these keys, in one filter.
std::string keys_filter(std::span<const StoredKey* const> keys, bool by_fields);

// {name: 1, ..}, as projections, sorts and keys of indexes are written.
std::string ones(const std::vector<std::string>& names);

}  // namespace dynatlas
