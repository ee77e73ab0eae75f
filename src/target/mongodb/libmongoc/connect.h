// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/result.h"
#include "target/mongodb/options.h"

namespace dynatlas {

// As connect_mongo() in options.h says; `login` is null where nothing changes. A replica set that elects is waited for.
Result<std::unique_ptr<MongoPort>> connect(const MongoServer& server, MongoLogin* login);

}  // namespace dynatlas
