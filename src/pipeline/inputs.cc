// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inputs.h"

namespace dynatlas {

Result<std::vector<InputFile>> open_inputs(const std::vector<std::string>& files) {
  std::vector<InputFile> inputs;
  for (const std::string& file : files) {
    ASSIGN_OR_RETURN(InputFile input, InputFile::open(file));
    inputs.push_back(std::move(input));
  }
  return inputs;
}

InputProgress progress_of(const std::vector<InputFile>& files) {
  InputProgress progress;
  bool known = true;
  for (const InputFile& file : files) {
    progress.bytes += file.bytes_read();
    progress.bytes_total += file.bytes_total().value_or(0);
    known = known && file.bytes_total().has_value();
  }
  if (!known) progress.bytes_total = 0;
  return progress;
}

}  // namespace dynatlas
