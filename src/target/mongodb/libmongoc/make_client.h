// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.h"
#include "target/mongodb/libmongoc/owned.h"
#include "target/mongodb/libmongoc/timed_stream.h"
#include "target/mongodb/login.h"

namespace dynatlas {

// A client for the server, whose connections are made by `connections` when they are needed. Usage and fatal where the
// URI cannot be used, retry where its SRV record is not found.
Result<OwnedClient> make_client(const MongoServer& server, Connections& connections);

}  // namespace dynatlas
