// SPDX-License-Identifier: Apache-2.0
#include "way_back.h"

#include <memory>

#include "change/bson.h"
#include "decode/extended_json_reader.h"
#include "decode/item_text.h"
#include "decode/json.h"

namespace dynatlas {

std::optional<std::string> bson_of(std::string_view extended_json, std::string& cause) {
  // As long as the reader may look and no longer, for the address sanitizer to see.
  const auto padded = std::make_unique<char[]>(extended_json.size() + json::json_padding);
  extended_json.copy(padded.get(), extended_json.size());
  Buffer bson;
  RecordFault fault;
  const char* behind = read_extended_json(padded.get(), bson, fault);
  if (behind == nullptr) {
    cause = fault.path + " | " + fault.cause;
    return std::nullopt;
  }
  if (behind != padded.get() + extended_json.size()) {
    cause = " | something stands behind the document";
    return std::nullopt;
  }
  return std::string(bson.view());
}

std::optional<std::string> item_of(std::string_view bson, std::string& cause) {
  // A copy of exactly its size, for the address sanitizer to see.
  const auto copy = std::make_unique<char[]>(bson.size());
  bson.copy(copy.get(), bson.size());
  ItemTextWriter writer("_dynatlas");
  Buffer out;
  if (!writer.write({copy.get(), bson.size()}, out)) {
    cause = writer.fault().path + " | " + writer.fault().cause;
    return std::nullopt;
  }
  return std::string(out.view());
}

std::string with_types(std::string_view bson, const std::vector<std::pair<std::string, std::string>>& types) {
  if (types.empty()) return std::string(bson);
  Buffer out;
  OpenDocument document(out);
  out.append(elements_of(bson));
  begin_element(out, BsonType::document, "_dynatlas");
  OpenDocument metadata(out);
  begin_element(out, BsonType::document, "types");
  OpenDocument tags(out);
  for (const auto& [path, type] : types) append_string_element(out, path, type);
  tags.close();
  metadata.close();
  document.close();
  return std::string(out.view());
}

}  // namespace dynatlas
