// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "aws/profiles.h"
#include "aws/settings.h"
#include "aws/surroundings.h"

namespace dynatlas {

// Everything that answers where AWS is and who we are: the configuration, the environment, and the profile in use.
struct AwsContext {
  AwsSettings settings;
  Surroundings around;
  Profiles profiles;
  std::string profile_name;  // of the configuration, AWS_PROFILE or AWS_DEFAULT_PROFILE, else "default"
  Clock::Time deadline = Clock::Time::max();  // of all that is asked of others to find it out

  // A key of the profile in use.
  std::optional<std::string> of_profile(const std::string& key) const;

  // The environment variable; where it is not set, the key of the profile in use.
  std::optional<std::string> look_up(const std::string& variable, const std::string& key) const;

  // The same for a switch: on where it is "true", whatever its case.
  bool is_on(const std::string& variable, const std::string& key) const;

  // What is left until the deadline, but `most` at most; 0 where nothing is.
  std::chrono::milliseconds time_left(std::chrono::milliseconds most) const;
};

// Reads the profiles. Fatal where a file cannot be read, and where a profile that was asked for by its name is in none.
Result<AwsContext> read_context(AwsSettings settings, const Surroundings& around);

}  // namespace dynatlas
