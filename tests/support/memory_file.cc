// SPDX-License-Identifier: Apache-2.0
#include "memory_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace dynatlas {

MemoryFile::MemoryFile(std::string_view content) : descriptor_(memfd_create("memory_file", MFD_CLOEXEC)) {
  if (descriptor_ < 0) std::abort();
  while (!content.empty()) {
    const ssize_t written = write(descriptor_, content.data(), content.size());
    if (written <= 0) std::abort();
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

MemoryFile::~MemoryFile() { close(descriptor_); }

}  // namespace dynatlas
