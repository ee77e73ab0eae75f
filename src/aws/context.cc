// SPDX-License-Identifier: Apache-2.0
#include "aws/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nothing of ours sets any
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

std::optional<std::string> AwsContext::of_profile(const std::string& key) const {
  const IniSection* profile = profiles.find(profile_name);
  return profile == nullptr ? std::nullopt : value_of(*profile, key);
}

std::optional<std::string> AwsContext::look_up(const std::string& variable, const std::string& key) const {
  const auto value = around.environment(variable);
  return value ? value : of_profile(key);
}

bool AwsContext::is_on(const std::string& variable, const std::string& key) const {
  return same_but_for_case(look_up(variable, key).value_or(""), "true");
}

std::chrono::milliseconds AwsContext::time_left(std::chrono::milliseconds most) const {
  const auto left = std::chrono::floor<std::chrono::milliseconds>(deadline - around.clock.now());
  return std::clamp(left, std::chrono::milliseconds(0), most);
}

Result<AwsContext> read_context(AwsSettings settings, const Surroundings& around) {
  ASSIGN_OR_RETURN(Profiles profiles, Profiles::read(around.environment));
  std::optional<std::string> name = around.environment("AWS_PROFILE");
  if (!name) name = around.environment("AWS_DEFAULT_PROFILE");
  if (!settings.profile.empty()) name = settings.profile;
  if (name && profiles.find(*name) == nullptr) {
    return fatal(fmt::format("there is no AWS profile {} in {}: correct aws.profile or AWS_PROFILE", printable(*name),
                             profiles.places()));
  }
  return AwsContext{std::move(settings), around, std::move(profiles), name.value_or("default"), Clock::Time::max()};
}

}  // namespace dynatlas
