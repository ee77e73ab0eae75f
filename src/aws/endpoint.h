// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "aws/context.h"
#include "aws/service.h"

namespace dynatlas {

// Where a service is.
struct Endpoint {
  std::string url;     // without a `/` at its end
  std::string region;  // that requests are signed for
};

// A group of regions with names and ARNs of its own.
struct Partition {
  std::string_view name;           // in ARNs: arn:aws-cn:..
  std::string_view region_prefix;  // "cn-"
  std::string_view suffix;
  std::string_view dual_stack_suffix;
};

// The partition of a region; that of commercial regions where none of its prefixes fits, for there will be new regions.
const Partition& partition_of(std::string_view region);

// The endpoint of a service in a region: the first that is given of `aws.endpoints`, `aws.endpoint`,
// AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, the profile's [services] and its endpoint_url; else AWS's own, with
// FIPS and IPv6 where AWS_USE_FIPS_ENDPOINT and AWS_USE_DUALSTACK_ENDPOINT (or the profile) ask for them.
//
// The pseudo-region "local" is DynamoDB Local on this machine. Usage where a URL that was given is none, and where both
// a URL and one of the switches are given.
Result<Endpoint> find_endpoint(const AwsContext& context, Service service, const std::string& region);

}  // namespace dynatlas
