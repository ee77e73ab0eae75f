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
    const auto credentials = cached.current();
    return credentials ? credentials->access_key_id : credentials.error().message;
  }
  std::size_t asked() const { return around.http.seen.size(); }

  FakeSurroundings around;
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
  EXPECT_EQ(cached.current().error().kind, ErrorKind::retry);  // they have expired
  hand_out("AK2", minutes(60));
  EXPECT_EQ(key(), "AK2");
}

TEST_F(CachedCredentialsTest, WherePeopleMustActThatIsSaidTenMinutesBefore) {
  EXPECT_EQ(key(), "AK1");
  around.clock.time += minutes(46);
  refuse(403);
  EXPECT_EQ(key(), "AK1");
  around.clock.time += minutes(5);
  const auto late = cached.current();
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
  const Credentials first = *cached.current();
  EXPECT_TRUE(cached.renewed(first)->same_keys(first));  // there are no others
  hand_out("AK2", minutes(60));
  EXPECT_EQ(cached.renewed(first)->access_key_id, "AK2");
  EXPECT_EQ(asked(), 3U);
  EXPECT_EQ(cached.renewed(first)->access_key_id, "AK2");  // another thread was slower
  EXPECT_EQ(asked(), 3U);
  refuse(500);
  EXPECT_EQ(cached.renewed(*cached.current()).error().kind, ErrorKind::retry);
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
  ASSERT_TRUE(shared.current());
  around.clock.time += minutes(46);
  hand_out("AK2", minutes(60));
  std::unique_lock closed(held.gate);
  std::string fetched;
  std::thread one([&] { fetched = shared.current()->access_key_id; });
  while (held.arrived < 2) std::this_thread::yield();
  EXPECT_EQ(shared.current()->access_key_id, "AK1");
  closed.unlock();
  one.join();
  EXPECT_EQ(fetched, "AK2");
  EXPECT_EQ(shared.current()->access_key_id, "AK2");
}

}  // namespace

}  // namespace dynatlas
