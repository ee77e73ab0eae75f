// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "change/record.h"
#include "pipeline/extended_json_documents.h"
#include "pipeline/found_document.h"
#include "pipeline/input_window.h"

namespace dynatlas {

// Finds BSON documents that lie back to back, as in mongodump's .bson files.
//
// A document whose length is wrong hides where the next one begins: it is refused, and the file ends with it.
class BsonDocuments {
 public:
  Result<FoundDocument> next(InputWindow& window);

 private:
  FoundDocument end_with(std::string cause, std::uint64_t offset);

  std::uint64_t number_ = 0;
  bool ended_ = false;
};

// Finds the documents in a file: BSON, or Extended JSON of either form. Which of both is read off the first bytes: what
// cannot be BSON is read as text.
// Holds one document at a time.
class DocumentReader {
 public:
  explicit DocumentReader(InputFile& file) : window_(file) {}

  // What stands next. An error where the file cannot be read on.
  Result<FoundDocument> next();

 private:
  Result<void> recognise();

  InputWindow window_;
  std::variant<std::monostate, BsonDocuments, ExtendedJsonDocuments> form_;
};

}  // namespace dynatlas
