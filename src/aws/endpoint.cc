// SPDX-License-Identifier: Apache-2.0
#include "aws/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

// Source: partitions.json of botocore. The first is the one of all other regions.
constexpr std::array<Partition, 8> partitions = {{
    {"aws", "", "amazonaws.com", "api.aws"},
    {"aws-cn", "cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"aws-us-gov", "us-gov-", "amazonaws.com", "api.aws"},
    {"aws-eusc", "eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"aws-iso", "us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"aws-iso-b", "us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"aws-iso-e", "eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"aws-iso-f", "us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
}};

// A URL that somebody gave, and where, for messages.
struct Given {
  std::string url;
  std::string place;
};

std::optional<Given> of_configuration(const AwsSettings& settings, const ServiceFacts& facts) {
  const auto own = settings.endpoints.find(facts.setting);
  if (own != settings.endpoints.end()) return Given{own->second, fmt::format("aws.endpoints.{}", facts.setting)};
  if (!settings.endpoint.empty()) return Given{settings.endpoint, "aws.endpoint"};
  return std::nullopt;
}

std::optional<Given> of_environment(const AwsContext& context, const ServiceFacts& facts) {
  std::string own = fmt::format("AWS_ENDPOINT_URL_{}", facts.id);
  std::transform(own.begin(), own.end(), own.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  for (const std::string& variable : {own, std::string("AWS_ENDPOINT_URL")}) {
    if (const auto url = context.around.environment(variable)) return Given{*url, variable};
  }
  return std::nullopt;
}

std::optional<Given> of_profile(const AwsContext& context, const ServiceFacts& facts) {
  const std::string key = fmt::format("{}.endpoint_url", facts.id);
  if (const auto name = context.of_profile("services")) {
    const IniSection* services = context.profiles.services(*name);
    const auto url = services == nullptr ? std::nullopt : value_of(*services, key);
    if (url) return Given{*url, fmt::format("{} of [services {}]", key, printable(*name))};
  }
  if (const auto url = context.of_profile("endpoint_url")) return Given{*url, "endpoint_url of the AWS profile"};
  return std::nullopt;
}

std::optional<Given> find_given(const AwsContext& context, const ServiceFacts& facts) {
  auto given = of_configuration(context.settings, facts);
  if (given || context.is_on("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "ignore_configured_endpoint_urls")) return given;
  given = of_environment(context, facts);
  return given ? given : of_profile(context, facts);
}

Result<std::string> checked(const Given& given) {
  const auto parts = split_url(given.url);
  if (!parts || !parts->query.empty()) {
    return usage(fmt::format("{} is no URL of an endpoint: give http://HOST:PORT or https://HOST:PORT", given.place));
  }
  return given.url.substr(0, given.url.find_last_not_of('/') + 1);
}

std::string own_url(const ServiceFacts& facts, const std::string& region, bool fips, bool dual_stack) {
  const Partition& partition = partition_of(region);
  const bool plain_does =
      facts.plain_is_dual_stack && (partition.dual_stack_suffix == "api.aws" || partition.name == "aws-cn");
  const bool own_dual_stack = dual_stack && !plain_does;
  const bool plain_is_fips = facts.gov_is_fips && partition.name == "aws-us-gov" && !own_dual_stack;
  return fmt::format("https://{}{}.{}.{}", own_dual_stack ? facts.dual_stack_host : facts.host,
                     fips && !plain_is_fips ? "-fips" : "", region,
                     own_dual_stack ? partition.dual_stack_suffix : partition.suffix);
}

}  // namespace

const Partition& partition_of(std::string_view region) {
  const auto* const found = std::find_if(partitions.begin() + 1, partitions.end(), [&](const Partition& partition) {
    return region.starts_with(partition.region_prefix);
  });
  return found == partitions.end() ? partitions.front() : *found;
}

Result<Endpoint> find_endpoint(const AwsContext& context, Service service, const std::string& region) {
  const ServiceFacts& facts = facts_of(service);
  const bool fips = context.is_on("AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
  const bool dual_stack = context.is_on("AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
  const bool local = region == "local";
  const std::string signing_region = local ? "us-east-1" : region;
  if (const auto given = find_given(context, facts)) {
    ASSIGN_OR_RETURN(std::string url, checked(*given));
    if (!fips && !dual_stack) return Endpoint{std::move(url), signing_region};
    return usage(fmt::format("{} names an endpoint, and AWS_USE_{}_ENDPOINT asks for another: leave one of them out",
                             given->place, fips ? "FIPS" : "DUALSTACK"));
  }
  if (local) return Endpoint{"http://localhost:8000", signing_region};
  return Endpoint{own_url(facts, region, fips, dual_stack), signing_region};
}

}  // namespace dynatlas
