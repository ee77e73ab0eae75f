// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/options.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>
#include <string_view>
#include <system_error>

#include "target/mongodb/module.h"

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

// Beside the program, where a build leaves it, and where it is installed. Nowhere else: not in the working folder,
// whose files are not ours.
Result<fs::path> find_module() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return fatal("cannot tell where the program lies, for /proc is not mounted: mount it");
  const fs::path installed = (folder / DYNATLAS_MODULE_FOLDER).lexically_normal();
  for (const fs::path& place : {folder, installed}) {
    if (fs::exists(place / mongo_module_file, error)) return place / mongo_module_file;
  }
  return fatal(fmt::format("{} is missing, which speaks with MongoDB: put it beside the program, into {}",
                           mongo_module_file, folder.string()));
}

Result<const MongoModule*> open_module() {
  ASSIGN_OR_RETURN(const fs::path path, find_module());
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);  // and never closed
  if (handle == nullptr) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc keeps the text for each thread
    return fatal(fmt::format("{} cannot be loaded, which speaks with MongoDB: {}", path.string(), dlerror()));
  }
  using Entry = const MongoModule*();
  auto* entry = reinterpret_cast<Entry*>(dlsym(handle, mongo_module_entry));
  const MongoModule* module = entry == nullptr ? nullptr : entry();
  if (module == nullptr || std::string_view(module->version) != DYNATLAS_VERSION) {
    return fatal(fmt::format("{} is of another version than the program: install both from one build", path.string()));
  }
  return module;
}

Result<const MongoModule*> mongo_module() {
  static const Result<const MongoModule*> module = open_module();
  return module;
}

}  // namespace

Result<MongoUri> read_mongo_uri(const std::string& uri) {
  ASSIGN_OR_RETURN(const MongoModule* const module, mongo_module());
  return module->read_uri(uri);
}

Result<std::unique_ptr<MongoPort>> connect_mongo(const MongoServer& server) {
  ASSIGN_OR_RETURN(const MongoModule* const module, mongo_module());
  return module->connect(server);
}

}  // namespace dynatlas
