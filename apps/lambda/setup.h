// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "aws/session.h"
#include "base/result.h"
#include "config/config.h"
#include "kept_uri.h"
#include "target/timed_target.h"

namespace dynatlas {

// Where the function writes as whom, and by which rules.
struct FunctionSetup {
  Config config;
  std::unique_ptr<AwsSession> aws;    // null where nothing is asked of AWS
  std::unique_ptr<MongoLogin> login;  // uses `aws`
  const KeptUri* kept = nullptr;      // in `login`, where the URI is kept by Secrets Manager or SSM
};

// Reads DYNATLAS_CONFIG (YAML, or the path of such a file) and the URI: of the configuration, MONGODB_URI,
// MONGODB_URI_SECRET or MONGODB_URI_PARAMETER. What the last two name is fetched as `aws:` of the configuration says,
// and ${MONGODB_URI} in the rest of it stands for that.
//
// Usage where something is missing, wrong or said twice; else the errors of src/aws. What `around` refers to outlives
// the setup.
Result<FunctionSetup> read_setup(const Surroundings& around);

// Connects to the server. The setup outlives the target.
Result<std::unique_ptr<TimedTarget>> open_target(const FunctionSetup& setup, Clock& clock);

}  // namespace dynatlas
