// SPDX-License-Identifier: Apache-2.0
#include "aws/region.h"

#include <fmt/format.h>

#include <algorithm>

#include "aws/instance_metadata.h"
#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

// A region becomes a part of a host's name: nothing else may get in there.
bool is_region(std::string_view text) {
  return !text.empty() && text.size() <= 63 && text.front() != '-' && text.back() != '-' &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

}  // namespace

std::string_view region_of_arn(std::string_view text) {
  if (!text.starts_with("arn:")) return {};
  for (int colons = 0; colons < 3; ++colons) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return {};
    text.remove_prefix(colon + 1);
  }
  const std::string_view region = text.substr(0, text.find(':'));
  return is_region(region) ? region : std::string_view();
}

Result<std::string> find_region(const AwsContext& context) {
  std::string region = context.settings.region;
  for (const char* variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    if (region.empty()) region = context.around.environment(variable).value_or("");
  }
  if (region.empty()) region = context.of_profile("region").value_or("");
  std::string reason;
  if (region.empty()) {
    ASSIGN_OR_RETURN(const auto answer, InstanceMetadata(context).get("meta-data/placement/region"));
    region = trimmed(answer.text.value_or(""));
    reason = answer.reason;
  }
  if (region.empty()) {
    return fatal(
        fmt::format("no AWS region was given: set aws.region or AWS_REGION (AWS_DEFAULT_REGION, the region of "
                    "the profile {} and the instance's metadata service were asked, too: {})",
                    printable(context.profile_name), reason));
  }
  if (!is_region(region))
    return usage(fmt::format("{} is no AWS region: give one such as eu-central-1", printable(region)));
  return region;
}

}  // namespace dynatlas
