// SPDX-License-Identifier: Apache-2.0
//
// Reading a URI needs the module. With what a connection is made is in mongo_iam_test.cc.
#include "pipeline/iam_login.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/scripted_http.h"

namespace dynatlas {

namespace {

using std::chrono::milliseconds;

// Takes all the time that it may.
class SlowCredentials : public CredentialProvider {
 public:
  explicit SlowCredentials(StandingClock& clock) : clock_(clock) {}
  Result<Credentials> current(Clock::Time deadline) override { return until(deadline); }
  Result<Credentials> renewed(const Credentials& /*refused*/, Clock::Time deadline) override { return until(deadline); }

 private:
  Result<Credentials> until(Clock::Time deadline) {
    clock_.time = std::max(clock_.time, deadline);
    return retry("nobody answers");
  }

  StandingClock& clock_;
};

// A URI that is read again, which takes a while.
class SlowPlace : public MongoLogin {
 public:
  explicit SlowPlace(StandingClock& clock) : clock_(clock) {}
  Result<MongoServer> current(Limit /*limit*/) override { return server; }
  Result<MongoServer> renewed(const MongoServer& /*used*/, Fault /*fault*/, Limit limit) override {
    clock_.time += limit / 2;
    return server;
  }

  MongoServer server{"mongodb://h/shop?authMechanism=MONGODB-AWS"};

 private:
  StandingClock& clock_;
};

TEST(IamLogin, TakesItsLimitAtMost) {
  StandingClock clock;
  SlowCredentials credentials(clock);
  IamLogin login(std::make_unique<SlowPlace>(clock), credentials, clock);
  const MongoServer used{"mongodb://h/shop?authMechanism=MONGODB-AWS", AwsKeys{"AK1", "s", "", "a test"}};
  for (const milliseconds limit : {milliseconds(3000), milliseconds(40)}) {
    Clock::Time began = clock.time;
    EXPECT_FALSE(login.current(limit));
    EXPECT_EQ(clock.time, began + limit);
    began = clock.time;
    EXPECT_FALSE(login.renewed(used, MongoLogin::Fault::refused, limit));
    EXPECT_EQ(clock.time, began + limit);
  }
}

}  // namespace

}  // namespace dynatlas
