// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "target/mongodb/login.h"
#include "target/mongodb/port.h"

namespace dynatlas {

// What a URI says that a run must know before it connects.
struct MongoUri {
  std::string database;     // empty where it names none
  bool wants_keys = false;  // authMechanism=MONGODB-AWS without a user: MongoServer::keys must be there
};

// Usage where libmongoc cannot read the URI, where it has an option that libmongoc does not know (which it would pass
// over: a mistyped `tls` connects without), or where its write concern or read concern is another than majority. The
// message names the option, never the URI.
Result<MongoUri> read_mongo_uri(const std::string& uri);

// Connects, and proves that the server answers and takes our credentials. The message of an error says what is wrong
// and what to do. Of kind retry where no server was reached (name resolution, refused connection, TLS, silence, no
// primary), fatal where one refuses (credentials, permission, a version that is too old).
Result<std::unique_ptr<MongoPort>> connect_mongo(const MongoServer& server);

// What the slowest source of a login has: a credential_process.
inline constexpr std::chrono::minutes login_within{1};

// The same, but with what `login` says `within` this time: at the begin of a session the port connects anew where that
// is another than before. Where it says nothing then, the port goes on with what it has. The login outlives the port.
Result<std::unique_ptr<MongoPort>> connect_mongo(MongoLogin& login, MongoLogin::Limit within = login_within);

}  // namespace dynatlas
