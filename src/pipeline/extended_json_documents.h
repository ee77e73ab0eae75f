// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/result.h"
#include "pipeline/found_document.h"
#include "pipeline/input_window.h"

namespace dynatlas {

// One document's text may be this large: 16 MiB of control characters, six bytes each as escapes, and as much again.
inline constexpr std::size_t document_text_bytes_max = 128 * 1024 * 1024;

// Finds documents of Extended JSON: one value after another, or in arrays, as mongoexport writes them.
//
// After a syntax error reading goes on as in all other JSON input (docs/file-formats.md, "Syntax errors"): at the first
// line behind the broken value's first one that begins with `{` or `[` and is indented no deeper.
class ExtendedJsonDocuments {
 public:
  Result<FoundDocument> next(InputWindow& window);

 private:
  enum class Expect : std::uint8_t { first, next, separator };

  bool take_punctuation(InputWindow& window);
  Result<FoundDocument> value(InputWindow& window);
  FoundDocument document(InputWindow& window, std::size_t size);
  FoundDocument refuse(std::string_view cause);
  FoundDocument refuse_broken(std::string_view cause);
  Result<FoundDocument> pass_over(InputWindow& window);
  Result<bool> skip(InputWindow& window, std::string_view blanks);
  Result<bool> skip_line(InputWindow& window);
  void consume(InputWindow& window, std::size_t size);

  Buffer bson_;
  std::uint64_t number_ = 0;
  bool in_array_ = false;
  bool loose_ = false;  // an array was left by a syntax error: its separators may still come
  Expect expect_ = Expect::first;
  bool broken_ = false;  // the value at hand was refused, and its lines are to be passed over
  std::uint64_t line_ = 0;
  std::uint64_t indent_ = 0;  // of the current line
  bool in_indent_ = true;     // only blanks of the current line were consumed
};

}  // namespace dynatlas
