// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/buffer.h"
#include "base/distinct_texts.h"
#include "change/bson.h"
#include "change/record.h"

namespace dynatlas {

// Writes documents as DynamoDB-JSON items: the way back from what ItemDecoder and the metadata field made of them
// (docs/type-mapping.md, "The way back").
//
// Documents may be anybody's bytes. One writer serves one thread.
class ItemTextWriter {
 public:
  // `metadata` is the name of the metadata field.
  explicit ItemTextWriter(std::string metadata) : metadata_(std::move(metadata)) {}

  // Appends the item of a whole BSON document, without blanks and line end: `_id` and the metadata field left out, sets
  // and numbers kept as strings restored as the metadata's `types` says, names unescaped, numbers in DynamoDB's plain
  // text. Appends nothing for a document that a soft delete left.
  //
  // False where DynamoDB has no such item: then fault() says why and where, in stored names, and `out` is as before.
  bool write(std::string_view document, Buffer& out);

  const RecordFault& fault() const { return fault_; }

 private:
  enum class Tag : std::uint8_t { none, ss, ns, bs, n };

  bool read_metadata(std::string_view elements);
  bool read_metadata_field(const BsonElement& field);
  bool read_types(const BsonElement& types);
  Tag tag_here() const;

  bool members(std::string_view elements, int depth);
  bool member(const BsonElement& element, int depth);
  bool name(std::string_view stored);
  bool value(const BsonElement& element, int depth);
  bool map(std::string_view document, int depth);
  bool array(std::string_view document, int depth);
  bool list(std::string_view elements, int depth);
  bool set(std::string_view elements, Tag tag);
  bool set_member(const BsonElement& element, Tag tag);
  bool string(std::string_view text);
  bool number(const BsonElement& element);
  bool number_text(const BsonElement& element, std::string& text);
  bool binary(std::string_view value);

  template <class Read>
  bool each_element(std::string_view elements, Read read);
  void append_quoted(std::string_view plain);
  bool fail(std::string_view cause);

  std::string metadata_;
  bool deleted_ = false;
  std::vector<std::pair<std::string_view, Tag>> tags_;  // by path, sorted
  std::string path_;
  DistinctTexts distinct_;
  std::string scratch_;
  Buffer* out_ = nullptr;
  RecordFault fault_;
};

}  // namespace dynatlas
