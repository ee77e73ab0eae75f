// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace dynatlas {

// Who signs a request. All but the access key id and the source is secret, and never reaches a message.
struct Credentials {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;           // empty for those of a user
  std::optional<Clock::Time> expires;  // none: never, as far as is known
  std::string source;                  // for messages: "the environment"

  bool same_keys(const Credentials& other) const {
    return access_key_id == other.access_key_id && secret_access_key == other.secret_access_key &&
           session_token == other.session_token;
  }
};

// Has credentials that are valid now.
class CredentialProvider {
 public:
  virtual ~CredentialProvider() = default;

  // Both come back by `deadline`, whoever is asked for credentials meanwhile.

  // Retry where they may be had later, fatal where a person must act.
  virtual Result<Credentials> current(Clock::Time deadline) = 0;

  // After AWS refused `refused` as expired or unknown: others, fetched anew, where there are others yet; else the same.
  virtual Result<Credentials> renewed(const Credentials& refused, Clock::Time deadline) = 0;
};

// Credentials that are what they are: those that a role is assumed with.
class FixedCredentials : public CredentialProvider {
 public:
  explicit FixedCredentials(Credentials credentials) : credentials_(std::move(credentials)) {}

  Result<Credentials> current(Clock::Time /*deadline*/) override { return credentials_; }
  Result<Credentials> renewed(const Credentials& /*refused*/, Clock::Time /*deadline*/) override {
    return credentials_;
  }

 private:
  Credentials credentials_;
};

}  // namespace dynatlas
