// SPDX-License-Identifier: Apache-2.0
#include "aws/cached_credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace dynatlas {

namespace {

constexpr std::chrono::minutes advisory{15};
constexpr std::chrono::minutes mandatory{10};
// What somebody who has valid credentials waits for others: a request to STS takes a tenth of it.
constexpr std::chrono::seconds patience{2};
constexpr std::chrono::hours wait_max{1};  // for another thread; a time that is added to now

Error others_fetch() { return retry("another thread is fetching AWS credentials, and they did not come in time"); }

}  // namespace

CachedCredentials::CachedCredentials(AwsSettings settings, const Surroundings& around)
    : chain_(std::move(settings), around), random_(around.seed), clock_(around.clock) {}

CachedCredentials::Age CachedCredentials::age_of(const Credentials& credentials) const {
  if (!credentials.expires) return Age::fresh;
  const auto left = *credentials.expires - clock_.now();
  if (left <= std::chrono::seconds(0)) return Age::expired;
  if (left < mandatory) return Age::old;
  return left < advisory ? Age::aging : Age::fresh;
}

std::optional<Credentials> CachedCredentials::kept() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

void CachedCredentials::keep(Credentials credentials) {
  const std::lock_guard lock(mutex_);
  kept_ = std::move(credentials);
}

Clock::Time CachedCredentials::patience_ends(Age age, Clock::Time deadline) const {
  return age == Age::expired ? deadline : std::min(deadline, clock_.now() + patience);
}

// A lock without the mutex where it is not our turn until then.
std::unique_lock<std::timed_mutex> CachedCredentials::turn_to_fetch(Clock::Time deadline) {
  std::unique_lock turn(fetching_, std::defer_lock);
  const auto left = std::clamp<Clock::Time::duration>(deadline - clock_.now(), Clock::Time::duration(0), wait_max);
  (void)turn.try_lock_until(std::chrono::system_clock::now() + left);
  return turn;
}

// Fetches others where these do not do any more and it is time; `wanted`: whatever their age and the time.
Result<Credentials> CachedCredentials::refresh(bool wanted, Clock::Time deadline) {
  const std::optional<Credentials> before = kept();  // another thread may have fetched while this one waited
  const Age age = before ? age_of(*before) : Age::expired;
  if (!wanted && age == Age::fresh) return *before;
  const bool held_off = !wanted && age != Age::expired && clock_.now() < not_before_;
  if (!held_off) {
    auto fetched = fetch(deadline);
    if (fetched || wanted) return fetched;
  }
  const bool final = age == Age::old && last_error_ && last_error_->kind != ErrorKind::retry;
  if (age != Age::expired && !final) return *before;
  return *last_error_;
}

// What it fetched is kept, and why it could not.
Result<Credentials> CachedCredentials::fetch(Clock::Time deadline) {
  auto fetched = chain_.fetch(deadline);
  if (fetched && age_of(*fetched) == Age::expired) {
    fetched = fatal(fmt::format("the credentials of {} have expired: renew them", fetched->source));
  }
  not_before_ = clock_.now() + std::chrono::seconds(30 + random_() % 31);
  last_error_ = fetched ? std::nullopt : std::optional(fetched.error());
  if (fetched) keep(*fetched);
  return fetched;
}

Result<Credentials> CachedCredentials::current(Clock::Time deadline) {
  const std::optional<Credentials> credentials = kept();
  const Age age = credentials ? age_of(*credentials) : Age::expired;
  if (age == Age::fresh) return *credentials;
  const Clock::Time ends = patience_ends(age, deadline);
  const auto turn = turn_to_fetch(age == Age::aging ? clock_.now() : ends);
  if (turn) return refresh(false, ends);
  if (age == Age::expired) return others_fetch();
  return *credentials;
}

Result<Credentials> CachedCredentials::renewed(const Credentials& refused, Clock::Time deadline) {
  const auto turn = turn_to_fetch(deadline);
  if (!turn) return others_fetch();
  const std::optional<Credentials> credentials = kept();
  if (credentials && !credentials->same_keys(refused)) return *credentials;  // another thread was faster
  return refresh(true, deadline);
}

}  // namespace dynatlas
