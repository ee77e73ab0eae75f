// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/result.h"

namespace dynatlas {

// A shared module of ours that the program loads when it needs it, because the libraries below it take milliseconds to
// start.
struct ModuleFile {
  const char* name;     // such as dynatlas_mongodb.so
  const char* entry;    // the one symbol that it shows: a function `const void*()`, which returns what it has
  const char* purpose;  // for messages: "which speaks with MongoDB"
};

// Loads the module from beside the program, where a build leaves it, or from where it is installed; never unloads it.
// The pointer is what its entry returns, whose first member is the version of dynatlas, a `const char*`. Fatal where
// the module is missing, cannot be loaded, or is of another version than the program.
Result<const void*> load_module(const ModuleFile& file);

}  // namespace dynatlas
