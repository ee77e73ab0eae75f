// SPDX-License-Identifier: Apache-2.0
#include "pipeline/documents.h"

#include <fmt/format.h>

#include <algorithm>

#include "change/bson.h"
#include "change/foreign_limits.h"
#include "decode/json.h"

namespace dynatlas {

namespace {

constexpr std::size_t length_bytes = 4;
constexpr std::int32_t length_min = 5;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 && !json::is_blank(c); }

// BSON begins with a document's length, whose last byte is 0 or 1: no text begins so, and any text would be a length
// far beyond what MongoDB stores.
bool looks_like_bson(std::string_view head) {
  head = head.substr(0, length_bytes);
  return std::any_of(head.begin(), head.end(), is_control);
}

}  // namespace

FoundDocument BsonDocuments::end_with(std::string cause, std::uint64_t offset) {
  ended_ = true;
  FoundDocument found;
  found.kind = FoundDocument::Kind::refused;
  found.unit = FoundDocument::Unit::byte;
  found.number = number_;
  found.at = offset;
  found.fault.cause = std::move(cause);
  return found;
}

Result<FoundDocument> BsonDocuments::next(InputWindow& window) {
  RETURN_IF_ERROR(window.grow(length_bytes));
  if (ended_ || window.view().empty()) return FoundDocument{};
  const std::uint64_t offset = window.offset();
  constexpr std::string_view cut_off = "is cut off: the input ends inside of it";
  if (window.view().size() < length_bytes) return end_with(std::string(cut_off), offset);
  const auto length = load_little_endian<std::int32_t>(window.view());
  if (length < length_min || static_cast<std::size_t>(length) > foreign_document_bytes_max) {
    return end_with(fmt::format("has a length of {} bytes, which no document has; what follows is not read", length),
                    offset);
  }
  const auto size = static_cast<std::size_t>(length);
  RETURN_IF_ERROR(window.grow(size));
  if (window.view().size() < size) return end_with(std::string(cut_off), offset);
  FoundDocument found;
  found.bson = window.view().substr(0, size);
  if (found.bson.back() != '\0') return end_with("has a wrong length; what follows is not read", offset);
  found.kind = FoundDocument::Kind::document;
  found.unit = FoundDocument::Unit::byte;
  found.number = number_++;
  found.at = offset;
  window.consume(size);
  return found;
}

Result<void> DocumentReader::recognise() {
  RETURN_IF_ERROR(window_.grow(length_bytes));
  if (looks_like_bson(window_.view())) {
    form_.emplace<BsonDocuments>();
    return {};
  }
  if (window_.view().starts_with(byte_order_mark)) window_.consume(byte_order_mark.size());
  form_.emplace<ExtendedJsonDocuments>();
  return {};
}

Result<FoundDocument> DocumentReader::next() {
  if (std::holds_alternative<std::monostate>(form_)) RETURN_IF_ERROR(recognise());
  if (auto* bson = std::get_if<BsonDocuments>(&form_)) return bson->next(window_);
  return std::get<ExtendedJsonDocuments>(form_).next(window_);
}

}  // namespace dynatlas
