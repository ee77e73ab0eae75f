// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/options.h"

#include <cstdlib>

#include "base/module.h"
#include "target/mongodb/module.h"

namespace dynatlas {

namespace {

Result<const MongoModule*> open_module() {
  // libmongoc counts in memory that other processes may look at, and complains, before it can be told where to, when
  // there is none. Nobody looks.
  setenv("MONGOC_DISABLE_SHM", "1", 0);  // NOLINT(concurrency-mt-unsafe): who reads the environment did so before
  ASSIGN_OR_RETURN(const void* const module,
                   load_module({mongo_module_file, mongo_module_entry, "which speaks with MongoDB"}));
  return static_cast<const MongoModule*>(module);
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
  return module->connect(server, nullptr);
}

Result<std::unique_ptr<MongoPort>> connect_mongo(MongoLogin& login, MongoLogin::Limit within) {
  ASSIGN_OR_RETURN(const MongoModule* const module, mongo_module());
  ASSIGN_OR_RETURN(const MongoServer server, login.current(within));
  return module->connect(server, &login);
}

}  // namespace dynatlas
