// SPDX-License-Identifier: Apache-2.0
//
// Feeds files, and the files of folders, to a fuzz target where there is no libFuzzer: what CI replays.
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::size_t replayed = 0;

void replay(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path)) {
    for (const auto& entry : std::filesystem::directory_iterator(path)) replay(entry.path());
    return;
  }
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  std::cerr << path.string() << std::endl;  // before, so that the last line names what crashed
  // A copy of exactly its size, for the address sanitizer to see what is read beyond.
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(input.data(), input.size());
  ++replayed;
}

}  // namespace

int main(int count, char** arguments) {
  for (int i = 1; i < count; ++i) replay(arguments[i]);
  std::cerr << replayed << " inputs replayed" << std::endl;
  return replayed == 0 ? 1 : 0;
}
