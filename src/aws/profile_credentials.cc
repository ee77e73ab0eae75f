// SPDX-License-Identifier: Apache-2.0
#include "aws/profile_credentials.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "base/printable.h"

namespace dynatlas {

namespace {

// Walks from a role to what it stands on.
class ProfileWalk {
 public:
  ProfileWalk(const AwsContext& context, InstanceCredentials& instance) : context_(context), instance_(instance) {}

  FoundCredentials start(const std::string& name) {
    const IniSection* profile = context_.profiles.find(name);
    if (profile == nullptr) return std::optional<Credentials>();
    visited_.push_back(name);
    return value_of(*profile, "role_arn") ? wrapped(of_role(name, *profile)) : of_keys(name, *profile);
  }

 private:
  static FoundCredentials wrapped(Result<Credentials> credentials) {
    if (!credentials) return std::move(credentials).error();
    return std::optional(*std::move(credentials));
  }

  static Error mistake(const std::string& name, const std::string& what) {
    return fatal(fmt::format("the AWS profile {} {}", printable(name), what));
  }

  static bool has_keys(const IniSection& profile) {
    return value_of(profile, "aws_access_key_id") || value_of(profile, "aws_secret_access_key");
  }

  FoundCredentials of_keys(const std::string& name, const IniSection& profile) {
    const std::string source = fmt::format("the AWS profile {}", printable(name));
    if (has_keys(profile)) {
      const auto key = value_of(profile, "aws_access_key_id");
      const auto secret = value_of(profile, "aws_secret_access_key");
      if (!key || !secret) return mistake(name, "has one of aws_access_key_id and aws_secret_access_key: give both");
      return std::optional(Credentials{*key, *secret, value_of(profile, "aws_session_token").value_or(""), {}, source});
    }
    if (const auto command = value_of(profile, "credential_process")) {
      return wrapped(credentials_of_process(context_, *command, fmt::format("credential_process of {}", source)));
    }
    if (value_of(profile, "sso_session") || value_of(profile, "sso_start_url")) {
      return mistake(name,
                     "uses IAM Identity Center (sso_..), which dynatlas does not: make another profile with "
                     "credential_process = aws configure export-credentials --format process --profile NAME");
    }
    return std::optional<Credentials>();
  }

  Result<Credentials> of_role(const std::string& name, const IniSection& profile) {
    const RoleRequest role{
        value_of(profile, "role_arn").value_or(""), value_of(profile, "role_session_name").value_or(""),
        value_of(profile, "external_id").value_or(""), value_of(profile, "duration_seconds").value_or("")};
    if (const auto file = value_of(profile, "web_identity_token_file")) {
      return credentials_of_token_file(context_, role, *file);
    }
    if (value_of(profile, "mfa_serial")) {
      return mistake(name, "wants a one-time code (mfa_serial), which nobody is there to give: use a role without");
    }
    const auto source_profile = value_of(profile, "source_profile");
    const auto credential_source = value_of(profile, "credential_source");
    if (source_profile.has_value() == credential_source.has_value()) {
      return mistake(name,
                     "has a role_arn: give it one of source_profile, credential_source and web_identity_token_file");
    }
    auto source = source_profile ? of_source_profile(name, *source_profile) : of_source(name, *credential_source);
    if (!source) return std::move(source).error();
    if (!*source) {
      return mistake(name, fmt::format("stands on {}, which has no credentials",
                                       printable(source_profile ? *source_profile : *credential_source)));
    }
    return credentials_of_role(context_, role, **std::move(source));
  }

  // Keys go before a role here, so that a profile may stand on its own keys.
  FoundCredentials of_source_profile(const std::string& name, const std::string& source) {
    const IniSection* profile = context_.profiles.find(source);
    if (profile == nullptr) {
      return mistake(name, fmt::format("stands on the profile {}, which is not in {}", printable(source),
                                       context_.profiles.places()));
    }
    const bool itself = source == name && has_keys(*profile);
    if (!itself && std::find(visited_.begin(), visited_.end(), source) != visited_.end()) {
      return mistake(name, fmt::format("stands on itself: {} -> {}",
                                       printable(fmt::format("{}", fmt::join(visited_, " -> "))), printable(source)));
    }
    visited_.push_back(source);
    if (has_keys(*profile) || !value_of(*profile, "role_arn")) return of_keys(source, *profile);
    return wrapped(of_role(source, *profile));
  }

  FoundCredentials of_source(const std::string& name, const std::string& source) {
    std::string reason;
    if (source == "Environment") return credentials_of_environment(context_);
    if (source == "EcsContainer") return credentials_of_container(context_);
    if (source == "Ec2InstanceMetadata") return instance_.fetch(context_, reason);
    return mistake(name, fmt::format("has the unknown credential_source {}: it can be Environment, EcsContainer or "
                                     "Ec2InstanceMetadata",
                                     printable(source)));
  }

  const AwsContext& context_;
  InstanceCredentials& instance_;
  std::vector<std::string> visited_;
};

}  // namespace

FoundCredentials credentials_of_profile(const AwsContext& context, InstanceCredentials& instance) {
  return ProfileWalk(context, instance).start(context.profile_name);
}

}  // namespace dynatlas
