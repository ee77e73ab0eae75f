// SPDX-License-Identifier: Apache-2.0
#include "aws/small_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/file.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

Error unreadable(const std::string& path, int code) {
  return fatal(
      fmt::format("{} cannot be read: {}", printable(path), std::error_code(code, std::generic_category()).message()));
}

}  // namespace

Result<std::optional<std::string>> read_small_file(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<std::string>();
    return unreadable(path, errno);
  }
  std::string bytes;
  std::array<char, 4096> part{};
  for (;;) {
    const ssize_t size = read(file.number(), part.data(), part.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return unreadable(path, errno);
    if (size == 0) return std::optional(std::move(bytes));
    bytes.append(part.data(), static_cast<std::size_t>(size));
    if (bytes.size() > small_file_bytes_max) {
      return fatal(fmt::format("{} is larger than 1 MiB: it cannot be what it is taken for", printable(path)));
    }
  }
}

}  // namespace dynatlas
