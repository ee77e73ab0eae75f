// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/buffer.h"
#include "base/result.h"
#include "source/files/input_file.h"

namespace dynatlas {

// The part of a file that is looked at, as small as its user allows.
class InputWindow {
 public:
  explicit InputWindow(InputFile& file) : file_(file) {}

  // What was read and not consumed; json::json_padding NUL bytes follow it. Ends with the next call of grow().
  std::string_view view() const { return text_.view().substr(begin_); }

  // Nothing follows the view.
  bool at_end() const { return at_end_; }

  // Where the view begins in the file's text.
  std::uint64_t offset() const { return offset_; }

  void consume(std::size_t size);

  // Reads on until the view has `size` bytes, or more, or the file ends.
  Result<void> grow(std::size_t size);

 private:
  InputFile& file_;
  Buffer text_;
  std::size_t begin_ = 0;
  std::uint64_t offset_ = 0;
  bool at_end_ = false;
};

}  // namespace dynatlas
