// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aws/cached_credentials.h"
#include "aws/context.h"
#include "aws/service_call.h"

namespace dynatlas {

// The certificates for open_http(): `given`, else AWS_CA_BUNDLE, else none, which means the system's.
HttpOptions http_options(const std::string& given, const EnvironmentLookup& environment);

// AWS as one process sees it: who it is there, and where the services are.
class AwsSession {
 public:
  // Errors of read_context().
  static Result<std::unique_ptr<AwsSession>> open(AwsSettings settings, const Surroundings& around);

  // For whoever signs by himself, such as a connection to MongoDB. Any thread may ask; lives as long as the session.
  CredentialProvider& credentials() { return credentials_; }

  // A client for a service, in the region of `arn` where that is one, else in ours. Errors of find_region() and
  // find_endpoint(). One thread at a time. The session outlives the client.
  Result<ServiceClient> client(Service service, std::string_view arn = {});

 private:
  explicit AwsSession(AwsContext context);

  AwsContext context_;
  std::string region_;  // empty until it was asked for
  CachedCredentials credentials_;
};

}  // namespace dynatlas
