// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "aws/credentials.h"
#include "target/mongodb/login.h"

namespace dynatlas {

// A login whose URI may leave it to AWS who we are: where it says authMechanism=MONGODB-AWS without a user, it has the
// keys of `credentials`, which are renewed before they expire, and after MongoDB refused them.
class IamLogin : public MongoLogin {
 public:
  // `place` says the URI. Credentials and clock outlive the login.
  IamLogin(std::unique_ptr<MongoLogin> place, CredentialProvider& credentials, Clock& clock);

  Result<MongoServer> current(Limit limit) override;
  Result<MongoServer> renewed(const MongoServer& used, Fault fault, Limit limit) override;

 private:
  Result<MongoServer> with_keys(MongoServer server, Clock::Time deadline);

  std::unique_ptr<MongoLogin> place_;
  CredentialProvider& credentials_;
  Clock& clock_;
  std::optional<AwsKeys> refused_;  // whose successors were asked for: once is enough, until they expire
};

}  // namespace dynatlas
