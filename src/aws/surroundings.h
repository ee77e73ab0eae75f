// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "aws/http.h"
#include "base/clock.h"

namespace dynatlas {

// The value of an environment variable; none where it is not set or empty, which AWS's tools take for the same.
using EnvironmentLookup = std::function<std::optional<std::string>(const std::string& name)>;

// The environment of this process. It must not change while other threads look.
std::optional<std::string> process_environment(const std::string& name);

// What everything here needs of the world; it outlives what is made with it.
struct Surroundings {
  EnvironmentLookup environment;
  HttpClient& http;
  Clock& clock;
  unsigned seed = 0;  // of the jitter
};

}  // namespace dynatlas
