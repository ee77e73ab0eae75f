// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/module.h"

#include "target/mongodb/libmongoc/connect.h"
#include "target/mongodb/libmongoc/uri.h"

extern "C" __attribute__((visibility("default"))) const void* dynatlas_mongodb_module();

const void* dynatlas_mongodb_module() {
  static constexpr dynatlas::MongoModule module{DYNATLAS_VERSION, dynatlas::read_uri, dynatlas::connect};
  return &module;
}
