// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "aws/context.h"

namespace dynatlas {

// The region that an ARN names (arn:PARTITION:SERVICE:REGION:..); empty where it is no ARN or names none.
std::string_view region_of_arn(std::string_view text);

// The region to work in: the first that is given of `aws.region`, AWS_REGION, AWS_DEFAULT_REGION, the profile's
// `region`, and that of the EC2 instance. Where something has an ARN, its region goes before all of these:
// region_of_arn().
//
// Usage where what was given is no name of a region, fatal where there is none.
Result<std::string> find_region(const AwsContext& context);

}  // namespace dynatlas
