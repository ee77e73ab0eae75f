// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "aws/context.h"
#include "aws/service_call.h"

namespace dynatlas {

// A role that is to be taken on.
struct RoleRequest {
  std::string role_arn;
  std::string session_name;  // made up where empty
  std::string external_id;
  std::string duration_seconds;  // AWS's default, an hour, where empty
};

// The credentials of a role, by AssumeRole; `sts` signs with the credentials of who takes it on. Errors name the role,
// and repeat neither its external id nor a token. Comes back by the context's deadline, and within half a minute.
Result<Credentials> assume_role(ServiceClient& sts, const RoleRequest& request, const AwsContext& context);

// The same for who has a token of a web identity instead of credentials; `sts` does not sign.
Result<Credentials> assume_role_with_web_identity(ServiceClient& sts, const RoleRequest& request,
                                                  const std::string& token, const AwsContext& context);

}  // namespace dynatlas
