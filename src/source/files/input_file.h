// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"

namespace dynatlas {

// One input file, or standard input, decompressed where its first bytes say gzip or zstd; several members or frames in
// a row count as one text.
class InputFile {
 public:
  // Opens `path`; "-" is standard input. An error of kind usage where it cannot be opened.
  static Result<InputFile> open(const std::string& path);

  // Whether it could be opened; a named pipe is not opened for that, since its writer would notice.
  static Result<void> check(const std::string& path);

  InputFile(InputFile&&) noexcept;
  InputFile& operator=(InputFile&&) noexcept;
  ~InputFile();

  // Reads up to `room` bytes of the text; 0 at its end. An error of kind fatal where reading fails or the compressed
  // data are damaged or cut off; of kind retry where a signal came first.
  Result<std::size_t> read(char* out, std::size_t room);

  const std::string& name() const;

  // Bytes read so far and, of a regular file, in all: as they lie on the disk.
  std::uint64_t bytes_read() const;
  std::optional<std::uint64_t> bytes_total() const;

 private:
  struct State;
  explicit InputFile(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace dynatlas
