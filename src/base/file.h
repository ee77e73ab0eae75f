// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "base/result.h"

namespace dynatlas {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  int number() const { return number_; }

 private:
  int number_;
};

// Writes all bytes to `descriptor`; `name` is for the error, which is fatal.
Result<void> write_all(int descriptor, std::string_view bytes, std::string_view name);

// An exclusive lock on a file, made where it is missing; held until the object ends. Waits for it.
Result<Descriptor> lock_file(const std::string& path);

// Writes a whole file beside `path` and renames it into place when it is finished: readers see the old file or the new
// one. What a symbolic link leads to is replaced, not the link; a device, a pipe or what /dev/stdout names,
// which must not be replaced, is written to as it is.
class ReplacedFile {
 public:
  static Result<ReplacedFile> begin(const std::string& path);

  ReplacedFile(ReplacedFile&&) noexcept = default;
  ReplacedFile& operator=(ReplacedFile&&) = delete;
  ReplacedFile(const ReplacedFile&) = delete;
  ReplacedFile& operator=(const ReplacedFile&) = delete;
  ~ReplacedFile();

  Result<void> append(std::string_view bytes);

  // Syncs and renames. Without it the new bytes are dropped.
  Result<void> finish();

  // What unfinished files end with.
  static constexpr std::string_view ending = ".dynatlas-new";

 private:
  ReplacedFile(std::string path, std::string temporary, Descriptor descriptor)
      : path_(std::move(path)), temporary_(std::move(temporary)), descriptor_(std::move(descriptor)) {}
  Result<void> flush();

  std::string path_;
  std::string temporary_;  // what is written to; `path_` where nothing is replaced
  Descriptor descriptor_;
  Buffer buffer_;
};

}  // namespace dynatlas
