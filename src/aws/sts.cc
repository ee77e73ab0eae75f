// SPDX-License-Identifier: Apache-2.0
#include "aws/sts.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

#include "aws/credential_reply.h"
#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

constexpr std::chrono::seconds patience{30};

void append(std::string& form, std::string_view name, std::string_view value) {
  if (!value.empty()) form += fmt::format("{}{}={}", form.empty() ? "" : "&", name, percent_encode(value));
}

struct Question {
  std::string form;
  std::vector<std::string> hidden;
};

Question question_of(const RoleRequest& request, Clock& clock) {
  std::string form;
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch());
  append(form, "RoleArn", request.role_arn);
  append(form, "RoleSessionName",
         request.session_name.empty() ? fmt::format("dynatlas-{}", now.count()) : request.session_name);
  append(form, "DurationSeconds", request.duration_seconds);
  return {std::move(form), {}};
}

// Adds a parameter that no message may repeat.
void append_hidden(Question& question, std::string_view name, const std::string& value) {
  append(question.form, name, value);
  question.hidden.push_back(value);
}

Result<Credentials> ask(ServiceClient& sts, std::string_view operation, const Question& question,
                        const RoleRequest& request, const AwsContext& context) {
  const std::string role = printable(request.role_arn);
  auto reply =
      sts.call(operation, question.form, context.around.clock.now() + context.time_left(patience), question.hidden);
  if (!reply) {
    Error error = reply.error();
    error.message = fmt::format("the role {} cannot be taken on: {}", role, error.message);
    return error;
  }
  const auto text = [&](std::string_view name) { return xml_text(reply->body, name).value_or(""); };
  Credentials credentials{text("AccessKeyId"), text("SecretAccessKey"), text("SessionToken"),
                          parse_expiration(text("Expiration")), fmt::format("the role {}", role)};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !credentials.expires) {
    return retry(fmt::format("the role {} cannot be taken on: STS answered without credentials", role));
  }
  return credentials;
}

}  // namespace

Result<Credentials> assume_role(ServiceClient& sts, const RoleRequest& request, const AwsContext& context) {
  Question question = question_of(request, context.around.clock);
  append_hidden(question, "ExternalId", request.external_id);  // AssumeRoleWithWebIdentity has no such parameter
  return ask(sts, "AssumeRole", question, request, context);
}

Result<Credentials> assume_role_with_web_identity(ServiceClient& sts, const RoleRequest& request,
                                                  const std::string& token, const AwsContext& context) {
  Question question = question_of(request, context.around.clock);
  append_hidden(question, "WebIdentityToken", token);
  return ask(sts, "AssumeRoleWithWebIdentity", question, request, context);
}

}  // namespace dynatlas
