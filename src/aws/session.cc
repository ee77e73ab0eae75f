// SPDX-License-Identifier: Apache-2.0
#include "aws/session.h"

#include "aws/region.h"

namespace dynatlas {

HttpOptions http_options(const std::string& given, const EnvironmentLookup& environment) {
  return {given.empty() ? environment("AWS_CA_BUNDLE").value_or("") : given};
}

AwsSession::AwsSession(AwsContext context)
    : context_(std::move(context)), credentials_(context_.settings, context_.around) {}

Result<std::unique_ptr<AwsSession>> AwsSession::open(AwsSettings settings, const Surroundings& around) {
  ASSIGN_OR_RETURN(AwsContext context, read_context(std::move(settings), around));
  return std::unique_ptr<AwsSession>(new AwsSession(std::move(context)));
}

Result<ServiceClient> AwsSession::client(Service service, std::string_view arn) {
  std::string region(region_of_arn(arn));
  if (region.empty()) {
    if (region_.empty()) {
      ASSIGN_OR_RETURN(region_, find_region(context_));
    }
    region = region_;
  }
  ASSIGN_OR_RETURN(Endpoint endpoint, find_endpoint(context_, service, region));
  return ServiceClient(service, std::move(endpoint), &credentials_, context_.around);
}

}  // namespace dynatlas
