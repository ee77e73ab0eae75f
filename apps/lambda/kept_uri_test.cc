// SPDX-License-Identifier: Apache-2.0
#include "kept_uri.h"

#include <gtest/gtest.h>

#include <vector>

#include "support/scripted_http.h"

namespace dynatlas {

namespace {

using std::chrono::seconds;
using Fault = MongoLogin::Fault;

class KeptUriTest : public testing::Test {
 protected:
  // What renewed() says after so long a pause.
  std::string renewed(Fault fault, seconds after = seconds(11)) {
    clock.time += after;
    const auto server = uri.renewed({uri.current(seconds(3))->uri}, fault, seconds(3));
    return server ? server->uri : server.error().message;
  }

  StandingClock clock;
  Result<std::string> kept = "mongodb://u:one@h/shop";
  int reads = 0;
  Clock::Time last_deadline{};
  KeptUri uri{"mongodb://u:one@h/shop",
              [this](Clock::Time deadline) {
                ++reads;
                last_deadline = deadline;
                return kept;
              },
              clock};
};

TEST_F(KeptUriTest, IsReadAgainAfterARefusal) {
  kept = "mongodb://v:two@h/shop";
  EXPECT_EQ(uri.current(seconds(3))->uri, "mongodb://u:one@h/shop");
  EXPECT_EQ(reads, 0);
  EXPECT_EQ(renewed(Fault::refused), "mongodb://v:two@h/shop");
  EXPECT_EQ(uri.current(seconds(3))->uri, "mongodb://v:two@h/shop");
  EXPECT_EQ(reads, 1);
  EXPECT_EQ(last_deadline, clock.time + seconds(3));
}

TEST_F(KeptUriTest, IsNotReadTwiceForOneRefusal) {
  kept = "mongodb://u:two@h/shop";
  clock.time += seconds(11);
  const MongoServer used = *uri.current(seconds(3));
  ASSERT_TRUE(uri.renewed(used, Fault::refused, seconds(3)));
  clock.time += seconds(11);
  EXPECT_EQ(uri.renewed(used, Fault::refused, seconds(3))->uri, "mongodb://u:two@h/shop");
  EXPECT_EQ(reads, 1);
}

// An hour without a network, or with a wrong password.
TEST_F(KeptUriTest, IsReadEverMoreSeldomWhereThatDoesNotHelp) {
  for (const Fault fault : {Fault::unreachable, Fault::refused}) {
    reads = 0;
    for (int n = 0; n < 3600; ++n) renewed(fault, seconds(1));
    EXPECT_GE(reads, 12);  // one in five minutes
    EXPECT_LE(reads, 18);
  }
}

TEST_F(KeptUriTest, APasswordIsReadThoughTheNetworkWasAway) {
  for (int n = 0; n < 3600; ++n) renewed(Fault::unreachable, seconds(1));
  kept = "mongodb://u:two@h/shop";
  EXPECT_EQ(renewed(Fault::refused, seconds(0)), "mongodb://u:two@h/shop");
}

TEST_F(KeptUriTest, StaysWhereItCannotBeRead) {
  kept = retry("nobody answers");
  EXPECT_EQ(renewed(Fault::refused), "nobody answers");
  EXPECT_EQ(uri.current(seconds(3))->uri, "mongodb://u:one@h/shop");
  kept = "mongodb://u:two@h/shop";
  EXPECT_EQ(renewed(Fault::refused, seconds(21)), "mongodb://u:two@h/shop");
}

TEST_F(KeptUriTest, MovesToAnotherServerInAnotherProcess) {
  for (const char* elsewhere :
       {"mongodb://u:one@other/shop", "mongodb://u:one@h/other", "mongodb://u:one@h/shop?tls=true"}) {
    StandingClock own_clock;
    KeptUri moving(
        "mongodb://u:one@h/shop", [&](Clock::Time) -> Result<std::string> { return std::string(elsewhere); },
        own_clock);
    EXPECT_FALSE(moving.moved());
    own_clock.time += seconds(11);
    EXPECT_EQ(moving.renewed(*moving.current(seconds(3)), Fault::unreachable, seconds(3))->uri,
              "mongodb://u:one@h/shop");
    EXPECT_TRUE(moving.moved()) << elsewhere;
  }
  kept = "mongodb://another:p%40ss@h/shop";
  EXPECT_EQ(renewed(Fault::refused), *kept);
  EXPECT_FALSE(uri.moved());
}

}  // namespace

}  // namespace dynatlas
