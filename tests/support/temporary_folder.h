// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dynatlas {

// A new folder of a test, gone with the object. Names of files are relative to it.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

  // The bytes of a file; none where there is no such file.
  std::string read(const std::string& name) const;

  // Makes the file and the folders above it.
  void write(const std::string& name, std::string_view bytes) const;

  // The names of all files below a folder, sorted.
  std::vector<std::string> files(const std::string& below = ".") const;

  // All files with their bytes.
  std::map<std::string, std::string> contents() const;

 private:
  std::string path_;
};

}  // namespace dynatlas
