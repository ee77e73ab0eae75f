// SPDX-License-Identifier: Apache-2.0
#include "aws/secrets_manager.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>

#include "aws/json_object.h"
#include "aws/url.h"
#include "base/base64.h"
#include "base/printable.h"

namespace dynatlas {

Result<std::string> get_secret(ServiceClient& secrets_manager, const std::string& id, Clock::Time deadline) {
  auto reply = secrets_manager.call("GetSecretValue", fmt::format(R"({{"SecretId":{}}})", json_quoted(id)), deadline);
  if (!reply) {
    Error error = reply.error();
    error.message = fmt::format("the secret {} cannot be read: {}", printable(id), error.message);
    return error;
  }
  if (auto text = json_text(reply->body, {"SecretString"})) return *std::move(text);
  const std::string binary = json_text(reply->body, {"SecretBinary"}).value_or("");
  std::vector<std::uint8_t> bytes(base64_decoded_room(binary.size()));
  const std::size_t size = base64_decode(binary, bytes.data());
  if (size == 0 || size == base64_invalid) {
    return retry(fmt::format("the secret {} cannot be read: Secrets Manager answered without it", printable(id)));
  }
  return std::string(reinterpret_cast<const char*>(bytes.data()), size);
}

Result<std::string> text_of_secret(const std::string& secret, const std::vector<std::string_view>& members) {
  if (!is_json_object(secret)) return std::string(trimmed(secret));
  for (const std::string_view name : members) {
    if (const auto text = json_text(secret, {name})) return std::string(trimmed(*text));
  }
  return fatal(
      fmt::format("the secret is a JSON object without a text under one of these names: {}", fmt::join(members, ", ")));
}

}  // namespace dynatlas
