// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <string>

#include "base/clock.h"
#include "target/mongodb/login.h"

namespace dynatlas {

// The URI of a server that Secrets Manager or SSM keeps, where it may be rotated.
//
// It is read again when the server refuses it or cannot be reached: at once, and then, as long as that brings nothing
// new, after 5 s, 10 s, and so on up to 5 minutes, for a thousand functions without a network must not ask a thousand
// times a second.
class KeptUri : public MongoLogin {
 public:
  // Reads the URI as it is kept now.
  using Fetch = std::function<Result<std::string>(Clock::Time deadline)>;

  // `uri` was read just now.
  KeptUri(std::string uri, Fetch fetch, Clock& clock);

  Result<MongoServer> current(Limit /*limit*/) override { return MongoServer{uri_}; }
  Result<MongoServer> renewed(const MongoServer& used, Fault fault, Limit limit) override;

  // Whether another server is kept now than the one we go on with. What was found out about that one does not hold for
  // the other: the process must start anew.
  bool moved() const { return moved_; }

 private:
  static constexpr std::chrono::seconds pause_min{5};

  // When it may be read again for one kind of fault.
  struct Pace {
    std::chrono::seconds pause = pause_min;
    Clock::Time not_before{};
  };

  Result<void> read_again(Pace& pace, Limit limit);

  std::string uri_;
  Fetch fetch_;
  Clock& clock_;
  Pace refused_;
  Pace unreachable_;
  bool moved_ = false;
};

}  // namespace dynatlas
