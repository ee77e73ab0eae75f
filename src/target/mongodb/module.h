// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "target/mongodb/options.h"

namespace dynatlas {

// What the shared module dynatlas_mongodb.so gives the program. libmongoc and the forty libraries below it cost 9 ms at
// each start, so they are in a module that is loaded when a server is first spoken of (options.cc).
struct MongoModule {
  const char* version;  // of dynatlas; program and module must be of one build
  Result<MongoUri> (*read_uri)(const std::string& uri);
  Result<std::unique_ptr<MongoPort>> (*connect)(const MongoServer& server, MongoLogin* login);
};

// The one symbol that the module shows: a function without parameters that returns the above.
inline constexpr const char* mongo_module_entry = "dynatlas_mongodb_module";
inline constexpr const char* mongo_module_file = "dynatlas_mongodb.so";

}  // namespace dynatlas
