// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "target/mongodb/libmongoc/owned.h"
#include "target/mongodb/options.h"

namespace dynatlas {

// Starts libmongoc, once in a process, and keeps it from writing to the standard error, where it quotes URIs.
void start_libmongoc();

// As read_mongo_uri() in options.h says.
Result<MongoUri> read_uri(const std::string& uri);

// Where a client of libmongoc connects to as whom: with our appName where it has none, and without libmongoc's own
// repeats of writes (ours know what a write that was carried out twice means, and end with the call).
Result<OwnedUri> uri_for_client(const MongoServer& server);

}  // namespace dynatlas
