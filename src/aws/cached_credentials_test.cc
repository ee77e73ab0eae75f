// SPDX-License-Identifier: Apache-2.0
#include "aws/cached_credentials.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/time_text.h"
#include "support/scripted_http.h"

namespace dynatlas {

namespace {

using std::chrono::minutes;

constexpr const char* container = "GET http://169.254.170.2/role";

class CachedCredentialsTest : public testing::Test {
 protected:
  CachedCredentialsTest() {
    around.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/role";
    hand_out("AK1", minutes(60));
  }

  void hand_out(const std::string& key, minutes life) {
    around.http.forget(container);
    const auto expires =
        std::chrono::duration_cast<std::chrono::milliseconds>((around.clock.time + life).time_since_epoch());
    around.http.answer(container, 200,
                       fmt::format(R"({{"AccessKeyId":"{}","SecretAccessKey":"s","Token":"t","Expiration":"{}"}})", key,
                                   format_rfc3339_milliseconds(expires.count())));
  }
  void refuse(int status) {
    around.http.forget(container);
    around.http.answer(container, status, "");
  }
  std::string key() {
    const auto credentials = cached.current(deadline);
    return credentials ? credentials->access_key_id : credentials.error().message;
  }
  std::size_t asked() const { return around.http.seen.size(); }

  FakeSurroundings around;
  Clock::Time deadline = Clock::Time::max();
  CachedCredentials cached{{}, around.get()};
};

TEST_F(CachedCredentialsTest, AreAskedForOnceUntilFifteenMinutesAreLeft) {
  EXPECT_EQ(key(), "AK1");
  around.clock.time += minutes(45);
  hand_out("AK2", minutes(60));
  EXPECT_EQ(key(), "AK1");
  EXPECT_EQ(asked(), 1U);
  around.clock.time += std::chrono::seconds(1);
  EXPECT_EQ(key(), "AK2");
  EXPECT_EQ(key(), "AK2");
  EXPECT_EQ(asked(), 2U);
}

TEST_F(CachedCredentialsTest, StayWhereNoOthersCanBeHadForNow) {
  EXPECT_EQ(key(), "AK1");
  around.clock.time += minutes(50) + std::chrono::seconds(1);
  refuse(500);
  EXPECT_EQ(key(), "AK1");
  EXPECT_EQ(asked(), 4U);  // three tries
  EXPECT_EQ(key(), "AK1");
  EXPECT_EQ(asked(), 4U);  // not at each call
  around.clock.time += minutes(1);
  EXPECT_EQ(key(), "AK1");
  EXPECT_EQ(asked(), 7U);
  around.clock.time += minutes(10);
  EXPECT_EQ(cached.current(deadline).error().kind, ErrorKind::retry);  // they have expired
  hand_out("AK2", minutes(60));
  EXPECT_EQ(key(), "AK2");
}

TEST_F(CachedCredentialsTest, WherePeopleMustActThatIsSaidTenMinutesBefore) {
  EXPECT_EQ(key(), "AK1");
  around.clock.time += minutes(46);
  refuse(403);
  EXPECT_EQ(key(), "AK1");
  around.clock.time += minutes(5);
  const auto late = cached.current(deadline);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, ErrorKind::fatal);
}

TEST_F(CachedCredentialsTest, OldOnesAreTakenAsLongAsTheSourceHasNoOthers) {
  hand_out("AK1", minutes(8));
  EXPECT_EQ(key(), "AK1");
  EXPECT_EQ(key(), "AK1");
  EXPECT_EQ(asked(), 1U);
  hand_out("AK1", minutes(-1));
  around.clock.time += minutes(9);
  EXPECT_EQ(key(), "the credentials of the container's role have expired: renew them");
}

TEST_F(CachedCredentialsTest, AreRenewedWhenAwsRefusesThem) {
  const Credentials first = *cached.current(deadline);
  EXPECT_TRUE(cached.renewed(first, deadline)->same_keys(first));  // there are no others
  hand_out("AK2", minutes(60));
  EXPECT_EQ(cached.renewed(first, deadline)->access_key_id, "AK2");
  EXPECT_EQ(asked(), 3U);
  EXPECT_EQ(cached.renewed(first, deadline)->access_key_id, "AK2");  // another thread was slower
  EXPECT_EQ(asked(), 3U);
  refuse(500);
  EXPECT_EQ(cached.renewed(*cached.current(deadline), deadline).error().kind, ErrorKind::retry);
}

// A role whose STS does not answer any more: whoever asks for its credentials has a deadline.
class SilentStsTest : public CachedCredentialsTest {
 protected:
  SilentStsTest() {
    around.variables = {{"AWS_REGION", "eu-central-1"}, {"AWS_ACCESS_KEY_ID", "AK"}, {"AWS_SECRET_ACCESS_KEY", "s"}};
    around.http.answer("POST https://sts.eu-central-1.amazonaws.com/", 200,
                       "<R><AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t"
                       "</SessionToken><Expiration>2023-11-14T23:13:20Z</Expiration></R>");
    EXPECT_EQ(key(), "AKROLE");
    http.silent = true;
  }
  std::string key() {
    const Clock::Time began = around.clock.time;
    const auto credentials = cached.current(began + patience);
    took = around.clock.time - began;
    return credentials ? credentials->access_key_id : "none";
  }
  void later(minutes time) { around.clock.time += time - took; }

  SilentHttp http{around.http, around.clock, false};
  CachedCredentials cached{{{}, {}, "arn:aws:iam::1:role/r", {}, {}, {}},
                           Surroundings{around.get().environment, http, around.clock, 1}};
  std::chrono::milliseconds patience = std::chrono::seconds(7);
  Clock::Time::duration took{};
};

TEST_F(SilentStsTest, TwoSecondsAreWaitedForOthersWhileTheseAreValid) {
  for (const minutes passed : {minutes(48), minutes(4)}) {  // aging, then old
    later(passed);
    const int asked = http.asked;
    EXPECT_EQ(key(), "AKROLE");
    EXPECT_GT(http.asked, asked);
    EXPECT_GT(took, std::chrono::seconds(1));
    EXPECT_LE(took, std::chrono::seconds(2));
    const int asked_then = http.asked;
    EXPECT_EQ(key(), "AKROLE");
    EXPECT_EQ(http.asked, asked_then);  // not at each call
  }
  later(minutes(1));
  patience = std::chrono::milliseconds(300);
  EXPECT_EQ(key(), "AKROLE");
  EXPECT_LE(took, patience);
}

TEST_F(SilentStsTest, NothingOutlastsTheDeadline) {
  const Credentials first = *cached.current(deadline);
  later(minutes(61));
  for (const int milliseconds : {7000, 300, 0}) {
    patience = std::chrono::milliseconds(milliseconds);
    EXPECT_EQ(key(), "none");
    EXPECT_LE(took, patience);
    const Clock::Time began = around.clock.time;
    EXPECT_EQ(cached.renewed(first, began + patience).error().kind, ErrorKind::retry);
    EXPECT_LE(around.clock.time, began + patience);
  }
}

// A network whose answers wait until a test lets them pass.
class HeldHttp : public HttpClient {
 public:
  explicit HeldHttp(HttpClient& inner) : inner_(inner) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    ++arrived;
    const std::lock_guard lock(gate);
    return inner_.send(request);
  }

  std::mutex gate;
  std::atomic<int> arrived{0};

 private:
  HttpClient& inner_;
};

TEST_F(CachedCredentialsTest, OneThreadFetchesWhileTheOthersGoOn) {
  HeldHttp held(around.http);
  const Surroundings plain = around.get();
  CachedCredentials shared{{}, Surroundings{plain.environment, held, plain.clock, 1}};
  ASSERT_TRUE(shared.current(deadline));
  around.clock.time += minutes(46);
  hand_out("AK2", minutes(60));
  std::unique_lock closed(held.gate);
  std::string fetched;
  std::thread one([&] { fetched = shared.current(deadline)->access_key_id; });
  while (held.arrived < 2) std::this_thread::yield();
  EXPECT_EQ(shared.current(deadline)->access_key_id, "AK1");
  closed.unlock();
  one.join();
  EXPECT_EQ(fetched, "AK2");
  EXPECT_EQ(shared.current(deadline)->access_key_id, "AK2");
}

// Whoever waits for the thread that fetches has a deadline, too.
TEST_F(CachedCredentialsTest, NobodyWaitsBeyondHisDeadlineForAnotherThread) {
  HeldHttp held(around.http);
  const Surroundings plain = around.get();
  CachedCredentials shared{{}, Surroundings{plain.environment, held, plain.clock, 1}};
  const Credentials first = *shared.current(deadline);
  around.clock.time += minutes(51);
  std::unique_lock closed(held.gate);
  std::thread one([&] { EXPECT_TRUE(shared.current(deadline)); });
  while (held.arrived < 2) std::this_thread::yield();
  const Clock::Time soon = around.clock.time + std::chrono::milliseconds(20);
  EXPECT_EQ(shared.current(soon)->access_key_id, "AK1");
  EXPECT_EQ(shared.renewed(first, soon).error().kind, ErrorKind::retry);
  closed.unlock();
  one.join();
}

}  // namespace

}  // namespace dynatlas
