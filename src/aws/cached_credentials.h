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
// than 10 minutes all wait for that. It has two seconds, for these are valid: where it fails for now (retry), they stay
// in use as long as they are, and it is tried again after half a minute to a minute; where a person must act, that is
// the error once 10 minutes are left. Once they have expired it has until the caller's deadline.
class CachedCredentials : public CredentialProvider {
 public:
  CachedCredentials(AwsSettings settings, const Surroundings& around);

  Result<Credentials> current(Clock::Time deadline) override;
  Result<Credentials> renewed(const Credentials& refused, Clock::Time deadline) override;

 private:
  enum class Age { fresh, aging, old, expired };

  Clock::Time patience_ends(Age age, Clock::Time deadline) const;
  Age age_of(const Credentials& credentials) const;
  std::optional<Credentials> kept() const;
  std::unique_lock<std::timed_mutex> turn_to_fetch(Clock::Time deadline);
  Result<Credentials> refresh(bool wanted, Clock::Time deadline);  // with fetching_ held, and so is fetch()
  Result<Credentials> fetch(Clock::Time deadline);
  void keep(Credentials credentials);

  CredentialChain chain_;            // guarded by fetching_
  std::mt19937 random_;              // guarded by fetching_
  Clock::Time not_before_{};         // of the next try; guarded by fetching_
  std::optional<Error> last_error_;  // of the last try; guarded by fetching_
  Clock& clock_;
  std::timed_mutex fetching_;        // held while others are fetched
  mutable std::mutex mutex_;         // held for moments; taken after fetching_
  std::optional<Credentials> kept_;  // guarded by mutex_
};

}  // namespace dynatlas
