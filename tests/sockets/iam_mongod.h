// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "support/fake_mongod.h"

namespace dynatlas {

// A fake that takes users by AWS IAM: it holds a conversation of MONGODB-AWS as Atlas does, and signs what the client
// signed with a signer of our own, which botocore agrees with (end_to_end/aws_signature_test.py).
class IamMongod {
 public:
  IamMongod();

  FakeMongod& server() { return mongod_; }
  std::string uri() const { return mongod_.uri("&authSource=%24external&authMechanism=MONGODB-AWS"); }

  // A pair that AWS knows; `token` may be empty.
  void know(const std::string& id, const std::string& secret, const std::string& token);
  void forget(const std::string& id);

  // How it refuses: Extended JSON.
  void refuse_by(const std::string& reply);

  // The ids that came, in order; of those that were refused with a `!` in front.
  std::vector<std::string> logins() const;

 private:
  struct Keys {
    std::string secret;
    std::string token;
  };

  FakeReply begin(const FakeCommand& command);
  FakeReply judge(const FakeCommand& command);
  bool is_right(const std::string& id, const std::map<std::string, std::string>& said) const;

  mutable std::mutex mutex_;
  std::map<std::string, Keys> known_;
  std::string nonce_;  // of the conversation
  std::vector<std::string> logins_;
  std::string refusal_ = R"({"ok":0,"code":18,"codeName":"AuthenticationFailed","errmsg":"SECRET"})";
  FakeMongod mongod_;
};

}  // namespace dynatlas
