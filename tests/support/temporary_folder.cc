// SPDX-License-Identifier: Apache-2.0
#include "support/temporary_folder.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace dynatlas {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() : path_((fs::temp_directory_path() / "dynatlas-test-XXXXXX").string()) {
  if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder can be made");
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;
  fs::remove_all(path_, error);
}

std::string TemporaryFolder::read(const std::string& name) const {
  const std::ifstream file(fs::path(path_) / name, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();  // not byte by byte: files have megabytes
  return std::move(bytes).str();
}

void TemporaryFolder::write(const std::string& name, std::string_view bytes) const {
  const fs::path file = fs::path(path_) / name;
  fs::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << bytes;
}

std::vector<std::string> TemporaryFolder::files(const std::string& below) const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(path_) / below)) {
    if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), path_).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::map<std::string, std::string> TemporaryFolder::contents() const {
  std::map<std::string, std::string> found;
  for (const std::string& name : files()) found[name] = read(name);
  return found;
}

}  // namespace dynatlas
