// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "aws/surroundings.h"
#include "base/result.h"
#include "config/config.h"
#include "target/timed_target.h"

namespace dynatlas {

// Where the function writes, and by which rules.
struct FunctionSetup {
  Config config;
  std::string uri;              // holds a password: never in a message
  bool uri_may_change = false;  // it is kept by Secrets Manager or SSM, where it may be rotated
};

// Reads DYNATLAS_CONFIG (YAML, or the path of such a file) and the URI: of the configuration, MONGODB_URI,
// MONGODB_URI_SECRET or MONGODB_URI_PARAMETER. What the last two name is fetched, and set as MONGODB_URI in the
// environment of the process, so that the configuration may refer to it: no other thread may run yet.
//
// Usage where something is missing, wrong or said twice; else the errors of src/aws.
Result<FunctionSetup> read_setup(const Surroundings& around);

// Connects to the server.
Result<std::unique_ptr<TimedTarget>> open_target(const FunctionSetup& setup, Clock& clock);

}  // namespace dynatlas
