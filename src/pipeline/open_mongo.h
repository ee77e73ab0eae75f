// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/clock.h"
#include "base/result.h"
#include "config/config.h"
#include "target/mongodb/login.h"
#include "target/mongodb/mongo_target.h"
#include "target/mongodb/options.h"

namespace dynatlas {

// What the configuration says of a MongoDB target; Config::use_database() comes first.
MongoTargetOptions mongo_options(const Config& config);

// Connects for a process that says how long each thing may take: tombstones are settled when it says so, and no index
// is built where there are documents. `within`: as connect_mongo() has it.
Result<std::unique_ptr<TimedTarget>> open_timed_mongo(MongoTargetOptions options, MongoLogin& login, Clock& clock,
                                                      MongoLogin::Limit within = login_within);

}  // namespace dynatlas
