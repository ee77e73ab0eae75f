// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "aws/context.h"
#include "aws/credentials.h"
#include "aws/sts.h"

namespace dynatlas {

// The places that credentials come from. Each returns none where it is not set up, and an error where it is and does
// not work: retry where it may later, else fatal with what to correct. No message holds a secret.
// Nobody is waited for beyond the context's deadline.
using FoundCredentials = Result<std::optional<Credentials>>;

// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (or AWS_SECURITY_TOKEN), AWS_CREDENTIAL_EXPIRATION.
FoundCredentials credentials_of_environment(const AwsContext& context);

// The role AWS_ROLE_ARN for the token in the file AWS_WEB_IDENTITY_TOKEN_FILE, as pods of EKS have them.
FoundCredentials credentials_of_web_identity(const AwsContext& context);

// A role for the token in a file, which is read each time, for it is replaced while it is valid.
Result<Credentials> credentials_of_token_file(const AwsContext& context, const RoleRequest& role,
                                              const std::string& token_file);

// A role, taken on with other credentials.
Result<Credentials> credentials_of_role(const AwsContext& context, const RoleRequest& role, Credentials source);

// AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or .._FULL_URI, as containers of ECS and pods of EKS have them, with
// AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE or .._TOKEN. A full URI is asked only where it is https or on this machine.
FoundCredentials credentials_of_container(const AwsContext& context);

// What a command prints: {"Version":1,"AccessKeyId":..,"SecretAccessKey":..,"SessionToken":..,"Expiration":..}.
Result<Credentials> credentials_of_process(const AwsContext& context, const std::string& command,
                                           const std::string& source);

}  // namespace dynatlas
