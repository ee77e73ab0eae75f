// SPDX-License-Identifier: Apache-2.0
#include "base/module.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/program_file.h"

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

// Nowhere else than beside the program and where it is installed: not in the working folder, whose files are not ours.
Result<fs::path> find_module(const ModuleFile& file) {
  std::error_code error;
  const fs::path folder = fs::canonical(program_file(), error).parent_path();
  if (error) return fatal(fmt::format("cannot tell where the program lies, {}: {}", program_file(), error.message()));
  const fs::path installed = (folder / DYNATLAS_MODULE_FOLDER).lexically_normal();
  for (const fs::path& place : {folder, installed}) {
    if (fs::exists(place / file.name, error)) return place / file.name;
  }
  return fatal(
      fmt::format("{} is missing, {}: put it beside the program, into {}", file.name, file.purpose, folder.string()));
}

}  // namespace

Result<const void*> load_module(const ModuleFile& file) {
  ASSIGN_OR_RETURN(const fs::path path, find_module(file));
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc keeps the text for each thread
    return fatal(fmt::format("{} cannot be loaded, {}: {}", path.string(), file.purpose, dlerror()));
  }
  using Entry = const void*();
  auto* entry = reinterpret_cast<Entry*>(dlsym(handle, file.entry));
  const void* module = entry == nullptr ? nullptr : entry();
  if (module == nullptr || std::string_view(*static_cast<const char* const*>(module)) != DYNATLAS_VERSION) {
    return fatal(fmt::format("{} is of another version than the program: install both from one build", path.string()));
  }
  return module;
}

}  // namespace dynatlas
