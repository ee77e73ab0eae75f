// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "pipeline/blocks.h"
#include "source/files/input_file.h"

namespace dynatlas {

// Opens all of them before the first is read: an error of kind usage, and nothing was touched, where one cannot be.
Result<std::vector<InputFile>> open_inputs(const std::vector<std::string>& files);

// How far they were read together.
InputProgress progress_of(const std::vector<InputFile>& files);

}  // namespace dynatlas
