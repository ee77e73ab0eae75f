// SPDX-License-Identifier: Apache-2.0
#include "pipeline/extended_json_documents.h"

#include <algorithm>
#include <cstring>

#include "base/count_newlines.h"
#include "decode/extended_json_reader.h"
#include "decode/json.h"

namespace dynatlas {

using Kind = FoundDocument::Kind;

namespace {

std::string_view broken_cause(bool first_in_file, char begin) {
  if (!first_in_file || begin == '{' || begin == '[') return "is no valid JSON";
  return "is neither Extended JSON, which begins with { or [, nor BSON, which begins with its length";
}

}  // namespace

Result<FoundDocument> ExtendedJsonDocuments::next(InputWindow& window) {
  if (broken_) {
    ASSIGN_OR_RETURN(const FoundDocument passed, pass_over(window));
    if (passed.kind == Kind::passed_over) return passed;
  }
  do {
    ASSIGN_OR_RETURN(const bool more, skip(window, " \n\r\t"));
    if (!more && !in_array_) return FoundDocument{};
    if (!more) return in_array_ = false, refuse("is an array that is cut off: the input ends inside of it");
  } while (take_punctuation(window));
  if (in_array_ && expect_ == Expect::separator) {
    return refuse_broken("is an array with neither ',' nor ']' behind a document");
  }
  return value(window);
}

// Takes a bracket or comma between documents, where one may stand.
bool ExtendedJsonDocuments::take_punctuation(InputWindow& window) {
  const char c = window.view().front();
  const bool ends = c == ']' && in_array_ && expect_ != Expect::next;
  const bool separates = c == ',' && in_array_ && expect_ == Expect::separator;
  const bool begins = c == '[' && !in_array_;
  const bool left_over = loose_ && (c == ',' || c == ']');
  if (!ends && !separates && !begins && !left_over) return false;
  expect_ = separates ? Expect::next : Expect::first;
  in_array_ = begins || separates;
  loose_ = left_over;
  consume(window, 1);
  return true;
}

Result<FoundDocument> ExtendedJsonDocuments::value(InputWindow& window) {
  for (;;) {
    const std::string_view text = window.view();
    const char* end = text.data() + text.size();
    const char* stopped = nullptr;
    const char* behind = json::skip_value(text.data(), stopped);
    // A number or a word may go on in the text that is not read yet.
    const bool may_go_on = behind == nullptr ? stopped >= end : behind == end && text.front() != '{';
    if (behind != nullptr && (!may_go_on || window.at_end())) {
      return document(window, static_cast<std::size_t>(behind - text.data()));
    }
    if (!may_go_on) return refuse_broken(broken_cause(number_ == 0 && !in_array_, text.front()));
    if (window.at_end()) return refuse_broken("is cut off: the input ends inside of it");
    if (text.size() > document_text_bytes_max) return refuse_broken("is larger than 128 MiB");
    RETURN_IF_ERROR(window.grow(2 * text.size()));  // twice as much: no document makes that quadratic
  }
}

FoundDocument ExtendedJsonDocuments::document(InputWindow& window, std::size_t size) {
  FoundDocument found = refuse("");
  bson_.clear();
  if (read_extended_json(window.view().data(), bson_, found.fault) != nullptr) {
    found.kind = Kind::document;
    found.bson = bson_.view();
  }
  consume(window, size);
  expect_ = Expect::separator;
  return found;
}

FoundDocument ExtendedJsonDocuments::refuse(std::string_view cause) {
  FoundDocument found;
  found.kind = Kind::refused;
  found.number = number_++;
  found.at = line_;
  found.fault.cause = cause;
  return found;
}

// --- syntax errors

FoundDocument ExtendedJsonDocuments::refuse_broken(std::string_view cause) {
  broken_ = true;
  loose_ = loose_ || in_array_;
  in_array_ = false;
  return refuse(cause);
}

Result<FoundDocument> ExtendedJsonDocuments::pass_over(InputWindow& window) {
  broken_ = false;
  const std::uint64_t indent_max = indent_;
  const std::uint64_t first = line_ + 1;
  for (bool resumed = false; !resumed;) {
    ASSIGN_OR_RETURN(const bool another, skip_line(window));
    if (!another) break;
    ASSIGN_OR_RETURN(const bool more, skip(window, " \t"));
    const char c = more ? window.view().front() : '\0';
    resumed = (c == '{' || c == '[') && indent_ <= indent_max;
  }
  const bool at_line = !window.view().empty() || (in_indent_ && indent_ == 0);
  const std::uint64_t end = at_line ? line_ : line_ + 1;
  FoundDocument found;
  if (end <= first) return found;
  found.kind = Kind::passed_over;
  found.at = first;
  found.last_line = end - 1;
  return found;
}

// --- characters

// False where the input ends.
Result<bool> ExtendedJsonDocuments::skip(InputWindow& window, std::string_view blanks) {
  for (;;) {
    const std::string_view text = window.view();
    consume(window, std::min(text.find_first_not_of(blanks), text.size()));
    if (!window.view().empty() || window.at_end()) return !window.view().empty();
    RETURN_IF_ERROR(window.grow(1));
  }
}

// To the beginning of the next line; false where the input ends before.
Result<bool> ExtendedJsonDocuments::skip_line(InputWindow& window) {
  for (;;) {
    const std::size_t newline = window.view().find('\n');
    const bool found = newline != std::string_view::npos;
    consume(window, found ? newline + 1 : window.view().size());
    if (found || window.at_end()) return found;
    RETURN_IF_ERROR(window.grow(1));
  }
}

void ExtendedJsonDocuments::consume(InputWindow& window, std::size_t size) {
  const std::string_view text = window.view().substr(0, size);
  const void* newline = size == 0 ? nullptr : memrchr(text.data(), '\n', size);
  std::size_t at = 0;
  if (newline != nullptr) {
    line_ += count_newlines(text);
    at = static_cast<std::size_t>(static_cast<const char*>(newline) - text.data()) + 1;
    indent_ = 0;
    in_indent_ = true;
  }
  for (; in_indent_ && at < size; ++at) {
    in_indent_ = text[at] == ' ' || text[at] == '\t';
    indent_ += in_indent_ ? 1 : 0;
  }
  window.consume(size);
}

}  // namespace dynatlas
