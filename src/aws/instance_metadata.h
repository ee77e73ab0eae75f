// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "aws/context.h"
#include "aws/credentials.h"

namespace dynatlas {

// The metadata service of an EC2 instance (IMDSv2; v1 where v2 is not there and v1 is not forbidden).
//
// AWS_EC2_METADATA_DISABLED turns it off; AWS_EC2_METADATA_V1_DISABLED, AWS_EC2_METADATA_SERVICE_ENDPOINT,
// AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE, AWS_METADATA_SERVICE_TIMEOUT (seconds) and AWS_METADATA_SERVICE_NUM_ATTEMPTS
// have the meaning that AWS gives them, and so have the profile's keys of the same names in lower case without `aws_`.
// Source: AWS SDKs and Tools Reference Guide, "IMDS credential provider".
class InstanceMetadata {
 public:
  // What the service said, or why there is nothing.
  struct Answer {
    std::optional<std::string> text;
    std::string reason;  // where there is no text
  };

  explicit InstanceMetadata(const AwsContext& context) : context_(context) {}

  // The text at a path below latest/, such as "meta-data/placement/region". No text where there is no such service here
  // or it is turned off; retry where it is there and fails, or the context's deadline came first.
  Result<Answer> get(const std::string& path);

 private:
  Result<std::string> base_url() const;
  Result<std::optional<HttpResponse>> send(HttpRequest request, std::string& reason);
  Result<Answer> fetch_token(const std::string& base, std::string& token);

  const AwsContext& context_;
};

// The credentials of the instance's role.
//
// Keeps the last ones: where the service fails later or goes on handing out old ones, those stay in use for another 17
// to 25 minutes at a time, expired or not, for AWS goes on accepting them then ("static stability").
class InstanceCredentials {
 public:
  // None where there is no service or no role; `reason` then says why.
  Result<std::optional<Credentials>> fetch(const AwsContext& context, std::string& reason);

 private:
  Clock::Time extended(const Surroundings& around);

  std::optional<Credentials> last_;
  unsigned extensions_ = 0;
};

}  // namespace dynatlas
