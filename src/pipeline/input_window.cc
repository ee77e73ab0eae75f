// SPDX-License-Identifier: Apache-2.0
#include "pipeline/input_window.h"

#include <algorithm>
#include <cstring>

#include "decode/json.h"

namespace dynatlas {

namespace {

constexpr std::size_t read_bytes = 512 * 1024;

}  // namespace

void InputWindow::consume(std::size_t size) {
  begin_ += size;
  offset_ += size;
}

Result<void> InputWindow::grow(std::size_t size) {
  if (at_end_ || view().size() >= size) return {};
  const std::size_t rest = view().size();
  if (rest != 0) std::memmove(text_.data(), text_.data() + begin_, rest);
  text_.resize_to(rest);
  begin_ = 0;
  const std::size_t room = std::max(size - rest, read_bytes);
  text_.reserve_more(room + json::json_padding);
  while (text_.size() < size && !at_end_) {
    const std::size_t left = rest + room - text_.size();
    ASSIGN_OR_RETURN(const std::size_t got, file_.read(reinterpret_cast<char*>(text_.end()), left));
    text_.resize_to(text_.size() + got);
    at_end_ = got == 0;
  }
  std::memset(text_.end(), 0, json::json_padding);
  return {};
}

}  // namespace dynatlas
