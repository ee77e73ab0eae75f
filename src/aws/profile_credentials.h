// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "aws/credential_sources.h"
#include "aws/instance_metadata.h"

namespace dynatlas {

// The credentials of the profile in use: a role (role_arn with web_identity_token_file, source_profile or
// credential_source), its own keys, or those that its credential_process prints. Roles may stand on roles; a loop is
// fatal, and so is a role that wants a one-time code. None where the profile has nothing of the kind.
FoundCredentials credentials_of_profile(const AwsContext& context, InstanceCredentials& instance);

}  // namespace dynatlas
