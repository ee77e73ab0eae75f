// SPDX-License-Identifier: Apache-2.0
#include "sockets/iam_mongod.h"

#include <fmt/format.h>

#include "aws/signature.h"
#include "base/base64.h"
#include "base/time_text.h"
#include "change/bson.h"
#include "support/target_contract.h"

namespace dynatlas {

namespace {

// Source: specifications/source/auth, "MONGODB-AWS".
constexpr const char* sts_host = "sts.eu-west-1.amazonaws.com";
constexpr std::size_t client_nonce_bytes = 32;

std::string base64_of(std::string_view bytes) {
  std::string out;
  base64_append(bytes, out);
  return out;
}

// The texts and binaries of a document by their names; binaries as they are.
std::map<std::string, std::string> members_of(std::string_view document) {
  constexpr std::size_t text_length = 4;
  constexpr std::size_t binary_head = 5;  // length and subtype
  std::map<std::string, std::string> members;
  BsonReader reader(elements_of(document));
  BsonElement element;
  while (reader.next(element)) {
    const std::string name(element.name);
    if (element.type == BsonType::string) members[name] = element.value.substr(text_length, element.value.size() - 5);
    if (element.type == BsonType::binary) members[name] = element.value.substr(binary_head);
  }
  return members;
}

std::map<std::string, std::string> payload_of(const FakeCommand& command) {
  return members_of(members_of(command.body)["payload"]);
}

FakeReply conversation(const std::string& payload, bool done) {
  return FakeReply::answer(
      fmt::format(R"({{"conversationId":1,"done":{},"payload":{{"$binary":{{"base64":"{}","subType":"00"}}}},"ok":1}})",
                  done, base64_of(payload)));
}

std::string between(const std::string& text, const std::string& before, char after) {
  const std::size_t begin = text.find(before) + before.size();
  return text.substr(begin, text.find(after, begin) - begin);
}

// `20231114T221320Z`
Clock::Time time_of(const std::string& date) {
  const std::string text = fmt::format("{}-{}-{}:{}:{}Z", date.substr(0, 4), date.substr(4, 2), date.substr(6, 5),
                                       date.substr(11, 2), date.substr(13, 2));
  return Clock::Time(std::chrono::microseconds(parse_rfc3339(text).value_or(0)));
}

}  // namespace

IamMongod::IamMongod() {
  mongod_.always("saslStart", [this](const FakeCommand& command) { return begin(command); });
  mongod_.always("saslContinue", [this](const FakeCommand& command) { return judge(command); });
}

void IamMongod::know(const std::string& id, const std::string& secret, const std::string& token) {
  const std::lock_guard lock(mutex_);
  known_[id] = {secret, token};
}

void IamMongod::forget(const std::string& id) {
  const std::lock_guard lock(mutex_);
  known_.erase(id);
}

void IamMongod::refuse_by(const std::string& reply) {
  const std::lock_guard lock(mutex_);
  refusal_ = reply;
}

std::vector<std::string> IamMongod::logins() const {
  const std::lock_guard lock(mutex_);
  return logins_;
}

FakeReply IamMongod::begin(const FakeCommand& command) {
  const std::lock_guard lock(mutex_);
  const std::string nonce = payload_of(command)["r"];
  nonce_ = nonce + std::string(client_nonce_bytes, 'n');
  const std::string payload = bson_of(
      fmt::format(R"({{"s":{{"$binary":{{"base64":"{}","subType":"00"}}}},"h":"{}"}})", base64_of(nonce_), sts_host));
  return nonce.size() == client_nonce_bytes ? conversation(payload, false) : FakeReply::lost();
}

FakeReply IamMongod::judge(const FakeCommand& command) {
  const std::lock_guard lock(mutex_);
  const auto said = payload_of(command);
  const std::string id = between(said.at("a"), "Credential=", '/');
  const bool right = is_right(id, said);
  logins_.push_back((right ? "" : "!") + id);
  if (right) return conversation("", true);
  return FakeReply::answer(refusal_);
}

bool IamMongod::is_right(const std::string& id, const std::map<std::string, std::string>& said) const {
  const auto known = known_.find(id);
  if (known == known_.end()) return false;
  HttpRequest request;
  request.method = "POST";
  request.url = fmt::format("https://{}/", sts_host);
  request.body = "Action=GetCallerIdentity&Version=2011-06-15";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Content-Length", std::to_string(request.body.size())},
                     {"X-MongoDB-Server-Nonce", base64_of(nonce_)},
                     {"X-MongoDB-GS2-CB-Flag", "n"}};
  sign_request(request, {id, known->second.secret, known->second.token, {}, {}}, {"eu-west-1", "sts"},
               time_of(said.at("d")));
  const auto token = said.find("t");
  const bool same_token = (token == said.end() ? "" : token->second) == known->second.token;
  return same_token && *find_header(request.headers, "Authorization") == said.at("a");
}

}  // namespace dynatlas
