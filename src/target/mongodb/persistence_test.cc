// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/persistence.h"

#include <gtest/gtest.h>

namespace dynatlas {
namespace {

using std::chrono::milliseconds;

// Time passes only while somebody sleeps.
class SleptClock : public Clock {
 public:
  Time now() override { return now_; }
  void sleep(milliseconds duration) override {
    now_ += duration;
    if (now_ - Time() >= stops_after) stop = true;
  }

  milliseconds stops_after = std::chrono::hours(1);
  std::atomic<bool> stop = false;

 private:
  Time now_{};
};

TEST(Persistence, TriesAgainUntilItWorks) {
  SleptClock clock;
  Persistence persistence(clock, std::chrono::minutes(5), 1, &clock.stop);
  int tries = 0;
  const Result<void> worked = persistence.run([&]() -> Result<void> {
    if (++tries < 4) return retry("the server is away");
    return {};
  });
  EXPECT_TRUE(worked);
  EXPECT_EQ(tries, 4);
}

TEST(Persistence, EndsWithItsPatience) {
  SleptClock clock;
  Persistence persistence(clock, std::chrono::minutes(5), 1, &clock.stop);
  const Result<void> worked = persistence.run([]() -> Result<void> { return retry("the server is away"); });
  ASSERT_FALSE(worked);
  EXPECT_EQ(worked.error().kind, ErrorKind::fatal);
  EXPECT_GE(clock.now() - Clock::Time(), std::chrono::minutes(5));
  EXPECT_LT(clock.now() - Clock::Time(), std::chrono::minutes(5) + std::chrono::seconds(11));
}

TEST(Persistence, TriesNothingAgainAfterItsEnd) {
  SleptClock clock;
  Persistence persistence(clock, std::chrono::minutes(5), 1);
  persistence.end_by(clock.now() + std::chrono::seconds(2));
  const Result<void> worked = persistence.run([]() -> Result<void> { return retry("the server is away"); });
  ASSERT_FALSE(worked);
  EXPECT_EQ(worked.error().kind, ErrorKind::retry);
  EXPECT_GT(clock.now() - Clock::Time(), milliseconds(500));
  EXPECT_LT(clock.now() - Clock::Time(), std::chrono::seconds(2));
}

TEST(Persistence, EndsSoonAfterItIsToldToStop) {
  SleptClock clock;
  clock.stops_after = std::chrono::seconds(60);  // the pauses are of ten seconds by then
  Persistence persistence(clock, std::chrono::minutes(5), 1, &clock.stop);
  const Result<void> worked = persistence.run([]() -> Result<void> { return retry("the server is away"); });
  ASSERT_FALSE(worked);
  EXPECT_EQ(worked.error().kind, ErrorKind::fatal);
  EXPECT_NE(worked.error().message.find("signal"), std::string::npos);
  EXPECT_LE(clock.now() - Clock::Time(), std::chrono::seconds(61));
}

}  // namespace
}  // namespace dynatlas
