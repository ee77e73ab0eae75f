// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <optional>
#include <random>

#include "aws/credential_chain.h"
#include "aws/credentials.h"

namespace dynatlas {

// The chain's credentials, kept until they are about to expire. Any thread may ask.
//
// With less than 15 minutes left one of the threads that ask fetches others while the rest go on with these; with less
// than 10 minutes all wait for that. Where it fails for now (retry), these stay in use as long as they are valid, and
// it is tried again after half a minute to a minute; where a person must act, that is the error once 10 minutes are
// left.
class CachedCredentials : public CredentialProvider {
 public:
  CachedCredentials(AwsSettings settings, const Surroundings& around);

  Result<Credentials> current() override;
  Result<Credentials> renewed(const Credentials& refused) override;

 private:
  enum class Age { fresh, aging, old, expired };

  Age age_of(const Credentials& credentials) const;
  std::optional<Credentials> kept() const;
  Result<Credentials> refresh(bool wanted);  // with fetching_ held, and so is fetch()
  Result<Credentials> fetch();
  void keep(Credentials credentials);

  CredentialChain chain_;            // guarded by fetching_
  std::mt19937 random_;              // guarded by fetching_
  Clock::Time not_before_{};         // of the next try; guarded by fetching_
  std::optional<Error> last_error_;  // of the last try; guarded by fetching_
  Clock& clock_;
  std::mutex fetching_;              // held while others are fetched
  mutable std::mutex mutex_;         // held for moments; taken after fetching_
  std::optional<Credentials> kept_;  // guarded by mutex_
};

}  // namespace dynatlas
