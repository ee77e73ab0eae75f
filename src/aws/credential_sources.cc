// SPDX-License-Identifier: Apache-2.0
#include "aws/credential_sources.h"

#include <fmt/format.h>

#include "aws/command.h"
#include "aws/credential_reply.h"
#include "aws/json_object.h"
#include "aws/region.h"
#include "aws/small_file.h"
#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

constexpr std::chrono::seconds command_patience{60};

Result<ServiceClient> sts_client(const AwsContext& context, CredentialProvider* credentials) {
  ASSIGN_OR_RETURN(const std::string region, find_region(context));
  ASSIGN_OR_RETURN(Endpoint endpoint, find_endpoint(context, Service::sts, region));
  return ServiceClient(Service::sts, std::move(endpoint), credentials, context.around);
}

}  // namespace

FoundCredentials credentials_of_environment(const AwsContext& context) {
  const auto& environment = context.around.environment;
  const auto key = environment("AWS_ACCESS_KEY_ID");
  if (!key) return std::optional<Credentials>();
  const auto secret = environment("AWS_SECRET_ACCESS_KEY");
  if (!secret) return fatal("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY: set both, or neither");
  auto token = environment("AWS_SESSION_TOKEN");
  if (!token) token = environment("AWS_SECURITY_TOKEN");
  Credentials credentials{*key, *secret, token.value_or(""), {}, "the environment (AWS_ACCESS_KEY_ID)"};
  if (const auto expiration = environment("AWS_CREDENTIAL_EXPIRATION")) {
    credentials.expires = parse_expiration(*expiration);
    if (!credentials.expires) return fatal("AWS_CREDENTIAL_EXPIRATION is no time: give it as 2024-07-11T23:23:53Z");
  }
  return std::optional(std::move(credentials));
}

FoundCredentials credentials_of_web_identity(const AwsContext& context) {
  const auto& environment = context.around.environment;
  const auto file = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  if (!file) return std::optional<Credentials>();
  const auto role = environment("AWS_ROLE_ARN");
  if (!role) return fatal("AWS_WEB_IDENTITY_TOKEN_FILE is set without AWS_ROLE_ARN: set both, or neither");
  ASSIGN_OR_RETURN(
      Credentials credentials,
      credentials_of_token_file(context, {*role, environment("AWS_ROLE_SESSION_NAME").value_or(""), {}, {}}, *file));
  return std::optional(std::move(credentials));
}

Result<Credentials> credentials_of_token_file(const AwsContext& context, const RoleRequest& role,
                                              const std::string& token_file) {
  ASSIGN_OR_RETURN(const auto token, read_small_file(token_file));
  if (!token || trimmed(*token).empty()) {
    return fatal(fmt::format("the file of the web identity's token, {}, is {}: correct its name or make it",
                             printable(token_file), token ? "empty" : "not there"));
  }
  ASSIGN_OR_RETURN(ServiceClient sts, sts_client(context, nullptr));
  return assume_role_with_web_identity(sts, role, std::string(trimmed(*token)), context);
}

Result<Credentials> credentials_of_role(const AwsContext& context, const RoleRequest& role, Credentials source) {
  FixedCredentials credentials(std::move(source));
  ASSIGN_OR_RETURN(ServiceClient sts, sts_client(context, &credentials));
  return assume_role(sts, role, context);
}

Result<Credentials> credentials_of_process(const AwsContext& context, const std::string& command,
                                           const std::string& source) {
  const auto words = split_words(command);
  if (!words) return fatal(fmt::format("the command of {} is no command: close its quotes", source));
  auto output = run_command(*words, context.time_left(command_patience));
  if (!output) {
    Error error = std::move(output).error();
    error.message = fmt::format("{} has no credentials: {}", source, error.message);
    return error;
  }
  const auto version = json_integer(*output, {"Version"});
  auto credentials = read_credentials(*output, "SessionToken", source);
  if (version == 1 && credentials) return *std::move(credentials);
  return fatal(
      fmt::format("{} printed no credentials: it must print JSON with Version 1, AccessKeyId, SecretAccessKey and, "
                  "where they expire, Expiration",
                  source));
}

}  // namespace dynatlas
