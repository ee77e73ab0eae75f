// SPDX-License-Identifier: Apache-2.0
#include "aws/credential_chain.h"

#include <fmt/format.h>

#include "aws/profile_credentials.h"
#include "base/printable.h"

namespace dynatlas {

Result<Credentials> CredentialChain::first_found(const AwsContext& context) {
  std::optional<Credentials> found;
  if (settings_.profile.empty()) {
    ASSIGN_OR_RETURN(found, credentials_of_environment(context));
    if (found) return *std::move(found);
    ASSIGN_OR_RETURN(found, credentials_of_web_identity(context));
    if (found) return *std::move(found);
  }
  ASSIGN_OR_RETURN(found, credentials_of_profile(context, instance_));
  if (found) return *std::move(found);
  ASSIGN_OR_RETURN(found, credentials_of_container(context));
  if (found) return *std::move(found);
  std::string reason;
  ASSIGN_OR_RETURN(found, instance_.fetch(context, reason));
  if (found) return *std::move(found);
  return fatal(fmt::format(
      "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (looked at: the "
      "environment; a web identity, AWS_WEB_IDENTITY_TOKEN_FILE; the profile {} in {}; the container, "
      "AWS_CONTAINER_CREDENTIALS_..; the instance's metadata service: {})",
      printable(context.profile_name), context.profiles.places(), reason));
}

Result<Credentials> CredentialChain::fetch(Clock::Time deadline) {
  ASSIGN_OR_RETURN(AwsContext context, read_context(settings_, around_));
  context.deadline = deadline;
  ASSIGN_OR_RETURN(Credentials found, first_found(context));
  if (settings_.role_arn.empty()) return found;
  return credentials_of_role(context, {settings_.role_arn, {}, settings_.external_id, {}}, std::move(found));
}

}  // namespace dynatlas
