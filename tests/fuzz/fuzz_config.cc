// SPDX-License-Identifier: Apache-2.0
//
// A configuration must load or be refused as a mistake of the user's, whatever it says. The input is the file; of its
// comments `#set `, `#key ` and `#map ` are what the command line says.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "config/config.h"
#include "verdict.h"

namespace dynatlas {
namespace {

// A file in memory, for the loader takes a path.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(memfd_create("configuration", MFD_CLOEXEC)) {
    require(descriptor_ >= 0 && write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()),
            "no memory");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { close(descriptor_); }

  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

ConfigOptions options_in(std::string_view text) {
  ConfigOptions options;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string line(text.substr(0, text[end] == '\n' ? end : end + 1));
    text.remove_prefix(end + 1);
    if (line.starts_with("#set ")) options.settings.push_back(line.substr(5));
    if (line.starts_with("#key ")) options.keys.push_back(line.substr(5));
    if (line.starts_with("#map ")) options.maps.push_back(line.substr(5));
  }
  return options;
}

}  // namespace
}  // namespace dynatlas

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace dynatlas;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const MemoryFile file(text);
  ConfigOptions options = options_in(text);
  options.file = file.path();
  const auto config = Config::load(options);
  if (!config) {
    require(config.error().kind == ErrorKind::usage, "is refused as something else than a mistake of the user's");
    require(!config.error().message.empty(), "is refused without a cause");
    return 0;
  }
  for (const std::string_view table : {"customers", "", "*", "a.b"}) {
    (void)config->rules(table);
    (void)config->target_of(table);
  }
  (void)config->two_tables_of_one_target();
  return 0;
}
