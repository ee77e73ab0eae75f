// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

namespace dynatlas {

// Bytes that grow, left uninitialised until they are written: what std::string cannot do, and the decoder's output
// needs.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::uint8_t* end() { return data_ + size_; }
  std::string_view view() const { return {reinterpret_cast<const char*>(data_), size_}; }

  void clear() { size_ = 0; }
  void resize_to(std::size_t size) { size_ = size; }  // within the capacity
  void resize_to(const std::uint8_t* end) { size_ = static_cast<std::size_t>(end - data_); }

  // Makes room for `room` more bytes after size(); pointers into the buffer end when it grows.
  void reserve_more(std::size_t room) {
    if (capacity_ - size_ < room) grow(size_ + room);
  }

  void append(const void* bytes, std::size_t length) {
    reserve_more(length);
    if (length != 0) std::memcpy(data_ + size_, bytes, length);
    size_ += length;
  }
  void append(std::string_view text) { append(text.data(), text.size()); }
  void push_back(char byte) { append(&byte, 1); }

 private:
  void grow(std::size_t least) {
    const std::size_t capacity = least + least / 2 + 64;
    void* moved = std::realloc(data_, capacity);
    if (moved == nullptr) throw std::bad_alloc();
    data_ = static_cast<std::uint8_t*>(moved);
    capacity_ = capacity;
  }

  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace dynatlas
