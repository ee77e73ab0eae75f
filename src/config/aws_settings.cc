// SPDX-License-Identifier: Apache-2.0
#include "config/aws_settings.h"

#include <yaml-cpp/yaml.h>

#include "config/table_rules.h"

namespace dynatlas {

namespace {

std::string text_of(const YAML::Node& aws, const char* key) { return aws[key] ? aws[key].Scalar() : std::string(); }

}  // namespace

Result<AwsSettings> read_aws_settings(const YAML::Node& aws, const std::string& file) {
  AwsSettings settings;
  if (!aws || aws.IsNull()) return settings;
  settings.region = text_of(aws, "region");
  settings.profile = text_of(aws, "profile");
  settings.role_arn = text_of(aws, "role_arn");
  settings.external_id = text_of(aws, "external_id");
  settings.endpoint = text_of(aws, "endpoint");
  for (const auto& endpoint : aws["endpoints"]) settings.endpoints[endpoint.first.Scalar()] = endpoint.second.Scalar();
  if (!settings.role_arn.empty() && !settings.role_arn.starts_with("arn:"))
    return config_error(aws["role_arn"], file,
                        "`aws.role_arn` must be an ARN such as arn:aws:iam::123456789012:role/NAME");
  if (!settings.external_id.empty() && settings.role_arn.empty())
    return config_error(aws["external_id"], file, "`aws.external_id` goes with `aws.role_arn`, which is missing");
  return settings;
}

}  // namespace dynatlas
