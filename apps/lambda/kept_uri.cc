// SPDX-License-Identifier: Apache-2.0
#include "kept_uri.h"

#include <algorithm>
#include <utility>

namespace dynatlas {

namespace {

// The event waits for it.
constexpr std::chrono::milliseconds fetch_within{5000};

constexpr std::chrono::seconds pause_max{300};

// The URI without user and password.
std::string place_of(const std::string& uri) {
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string::npos) return uri;
  const std::size_t begin = scheme + 3;
  const std::size_t at = uri.substr(0, uri.find_first_of("/?", begin)).rfind('@');
  return at == std::string::npos || at < begin ? uri : uri.substr(0, begin) + uri.substr(at + 1);
}

}  // namespace

KeptUri::KeptUri(std::string uri, Fetch fetch, Clock& clock)
    : uri_(std::move(uri)), fetch_(std::move(fetch)), clock_(clock) {}

Result<void> KeptUri::read_again(Pace& pace, Limit limit) {
  const Clock::Time now = clock_.now();
  if (now < pace.not_before) return {};
  pace.not_before = now + pace.pause;
  pace.pause = std::min(pace.pause * 2, pause_max);
  ASSIGN_OR_RETURN(std::string kept, fetch_(now + std::min(limit, fetch_within)));
  if (kept == uri_) return {};
  moved_ = place_of(kept) != place_of(uri_);
  if (moved_) return {};
  uri_ = std::move(kept);
  refused_ = unreachable_ = Pace{pause_min, clock_.now() + pause_min};
  return {};
}

Result<MongoServer> KeptUri::renewed(const MongoServer& used, Fault fault, Limit limit) {
  if (used.uri == uri_) RETURN_IF_ERROR(read_again(fault == Fault::refused ? refused_ : unreachable_, limit));
  return current(limit);
}

}  // namespace dynatlas
