// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <system_error>

namespace dynatlas {

namespace {

constexpr std::size_t write_chunk = 1024 * 1024;

Error failed(std::string_view name, std::string_view what, int error) {
  return fatal(fmt::format("{}: cannot be {}: {}", name, what, std::generic_category().message(error)));
}

// The descriptor of this process that a path such as /dev/stdout names; -1 where it names none. Opened by that path, a
// file would be written from its beginning, whatever stands in it.
int open_descriptor(std::string_view path) {
  if (path == "/dev/stdout") return STDOUT_FILENO;
  if (path == "/dev/stderr") return STDERR_FILENO;
  for (const std::string_view folder : {"/dev/fd/", "/proc/self/fd/"}) {
    if (!path.starts_with(folder)) continue;
    const std::string_view digits = path.substr(folder.size());
    int number = -1;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (read.ec == std::errc{} && read.ptr == digits.data() + digits.size()) return number;
  }
  return -1;
}

}  // namespace

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<void> write_all(int descriptor, std::string_view bytes, std::string_view name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(name, "written", errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<Descriptor> lock_file(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (file.number() < 0) return failed(path, "opened", errno);
  while (::flock(file.number(), LOCK_EX) != 0) {
    if (errno != EINTR) return failed(path, "locked", errno);
  }
  return file;
}

Result<ReplacedFile> ReplacedFile::begin(const std::string& path) {
  if (const int open = open_descriptor(path); open >= 0) {
    Descriptor copy(::fcntl(open, F_DUPFD_CLOEXEC, 0));
    if (copy.number() < 0) return failed(path, "written", errno);
    return ReplacedFile(path, path, std::move(copy));
  }
  std::error_code missing;
  const std::filesystem::path found = std::filesystem::canonical(path, missing);
  const std::string place = missing ? path : found.string();
  const bool replaced = missing || std::filesystem::is_regular_file(found);
  const std::string temporary = replaced ? place + std::string(ending) : place;
  const int how = replaced ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY;
  Descriptor file(::open(temporary.c_str(), how | O_CLOEXEC, 0644));
  if (file.number() < 0) return failed(temporary, replaced ? "made" : "written", errno);
  return ReplacedFile(place, temporary, std::move(file));
}

ReplacedFile::~ReplacedFile() {
  if (descriptor_.number() >= 0 && temporary_ != path_) ::unlink(temporary_.c_str());
}

Result<void> ReplacedFile::flush() {
  RETURN_IF_ERROR(write_all(descriptor_.number(), buffer_.view(), temporary_));
  buffer_.clear();
  return {};
}

Result<void> ReplacedFile::append(std::string_view bytes) {
  buffer_.append(bytes);
  return buffer_.size() < write_chunk ? Result<void>{} : flush();
}

Result<void> ReplacedFile::finish() {
  RETURN_IF_ERROR(flush());
  if (temporary_ != path_) {
    if (::fsync(descriptor_.number()) != 0) return failed(temporary_, "synced", errno);
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return failed(path_, "replaced", errno);
  }
  descriptor_ = Descriptor(-1);
  return {};
}

}  // namespace dynatlas
