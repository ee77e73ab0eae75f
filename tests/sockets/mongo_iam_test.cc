// SPDX-License-Identifier: Apache-2.0
//
// AWS IAM authentication: what libmongoc signs with our keys, and when other keys are used.
#include <thread>

#include "aws/cached_credentials.h"
#include "base/time_text.h"
#include "pipeline/iam_login.h"
#include "sockets/iam_mongod.h"
#include "sockets/mongo_socket.h"
#include "support/scripted_http.h"

namespace dynatlas {

namespace {

using std::chrono::minutes;
using Logins = std::vector<std::string>;

constexpr const char* container = "GET http://169.254.170.2/role";

class MongoIam : public testing::Test {
 protected:
  MongoIam() { around.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/role"; }

  // From now on AWS hands out this pair, and MongoDB knows it.
  void hand_out(const std::string& id, minutes life = minutes(60)) {
    const std::string secret = "SECRET/+" + id;
    const std::string token = "SECRET%&=,:" + id;
    server.know(id, secret, token);
    const auto expires = std::chrono::floor<milliseconds>((around.clock.time + life).time_since_epoch());
    around.http.forget(container);
    around.http.answer(container, 200,
                       fmt::format(R"({{"AccessKeyId":"{}","SecretAccessKey":"{}","Token":"{}","Expiration":"{}"}})",
                                   id, secret, token, format_rfc3339_milliseconds(expires.count())));
  }

  void connect() {
    auto connected = connect_mongo(login);
    ASSERT_TRUE(connected) << connected.error().message;
    port = *std::move(connected);
  }

  std::string find() {
    port->begin_session();
    return shown_error(port->find({"shop", "t"}, bson_of("{}"), "", milliseconds(5000)));
  }

  IamMongod server;
  FakeSurroundings around;
  CachedCredentials credentials{{}, around.get()};
  IamLogin login{std::make_unique<FixedLogin>(server.uri()), credentials, around.clock};
  std::unique_ptr<MongoPort> port;
};

TEST_F(MongoIam, SignsWithKeysOfAUser) {
  server.know("AKUSER", "SECRET/+user", "");
  around.variables["AWS_ACCESS_KEY_ID"] = "AKUSER";
  around.variables["AWS_SECRET_ACCESS_KEY"] = "SECRET/+user";
  connect();
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(server.logins(), Logins{"AKUSER"});
}

TEST_F(MongoIam, SignsWithTheTokenOfARole) {
  hand_out("AK1");
  connect();
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(server.logins(), Logins{"AK1"});
}

TEST_F(MongoIam, TakesTheKeysOfTheUriWhereItHasSome) {
  server.know("AKURI", "SECRET/+uri", "");
  const auto connected = connect_mongo({server.server().uri("&authMechanism=MONGODB-AWS", "AKURI:SECRET%2F%2Buri@")});
  ASSERT_TRUE(connected) << connected.error().message;
  EXPECT_FALSE(read_mongo_uri(server.server().uri("&authMechanism=MONGODB-AWS", "AKURI:x@"))->wants_keys);
  EXPECT_EQ(server.logins(), Logins{"AKURI"});
}

TEST_F(MongoIam, ConnectsAnewWithTheNextKeysBeforeTheFirstExpire) {
  hand_out("AK1");
  connect();
  EXPECT_EQ(find(), "no error");
  around.clock.time += minutes(44);
  hand_out("AK2", minutes(60));
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(server.logins(), Logins{"AK1"});
  around.clock.time += minutes(2);
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(server.logins(), (Logins{"AK1", "AK2"}));
  EXPECT_EQ(server.server().seen("endSessions").size(), 1U);  // of the first
}

// A session reads what it wrote: it stays with the connection that it began on.
TEST_F(MongoIam, KeepsToItsConnectionInASession) {
  hand_out("AK1");
  connect();
  EXPECT_EQ(find(), "no error");
  around.clock.time += minutes(50);
  hand_out("AK2");
  EXPECT_EQ(shown_error(port->find({"shop", "t"}, bson_of("{}"), "", milliseconds(5000))), "no error");
  EXPECT_EQ(server.logins(), Logins{"AK1"});
}

TEST_F(MongoIam, AConnectionOutlivesItsKeysWhereNoOthersCanBeHad) {
  hand_out("AK1");
  connect();
  around.http.forget(container);
  around.http.answer(container, 500, "");
  around.clock.time += minutes(120);
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(server.logins(), Logins{"AK1"});
}

// A network that takes the time that passes by the clock.
class RealTimeHttp : public HttpClient {
 public:
  RealTimeHttp(HttpClient& inner, Clock& clock) : inner_(inner), clock_(clock) {}
  Result<HttpResponse> send(const HttpRequest& request) override {
    const Clock::Time began = clock_.now();
    auto response = inner_.send(request);
    std::this_thread::sleep_for(clock_.now() - began);
    return response;
  }

 private:
  HttpClient& inner_;
  Clock& clock_;
};

// The keys have expired, the connection has not.
TEST_F(MongoIam, ACallEndsInTimeWhereAwsIsSilent) {
  SilentHttp silent(around.http, around.clock, false);
  RealTimeHttp http(silent, around.clock);
  CachedCredentials slow{{}, Surroundings{around.get().environment, http, around.clock, 1}};
  IamLogin slow_login{std::make_unique<FixedLogin>(server.uri()), slow, around.clock};
  hand_out("AK1");
  port = *connect_mongo(slow_login);
  around.clock.time += minutes(61);
  silent.silent = true;
  const auto began = std::chrono::steady_clock::now();
  port->begin_session();
  EXPECT_EQ(shown_error(port->find({"shop", "t"}, bson_of("{}"), "", milliseconds(1000))), "no error");
  EXPECT_LT(std::chrono::steady_clock::now() - began, milliseconds(1000));
  EXPECT_EQ(server.logins(), Logins{"AK1"});
}

// What a test says, when it says so.
class ToldLogin : public MongoLogin {
 public:
  explicit ToldLogin(std::string uri) : server{std::move(uri)} {}
  Result<MongoServer> current(Limit limit) override {
    ++asked;
    std::this_thread::sleep_for(slow ? 2 * limit : Limit(0));
    return server;
  }
  Result<MongoServer> renewed(const MongoServer& /*used*/, Fault fault, Limit /*limit*/) override {
    faults.push_back(fault);
    return server;
  }

  MongoServer server;
  bool slow = false;
  int asked = 0;
  std::vector<Fault> faults;
};

class ToldLoginTest : public testing::Test {
 protected:
  ToldLoginTest() : login(server.uri()), port(*connect_mongo(login)) {}

  std::string find() {
    port->begin_session();
    return shown_error(port->find({"shop", "t"}, bson_of("{}"), "", milliseconds(1000)));
  }

  FakeMongod server;
  FakeMongod other;
  ToldLogin login;
  std::unique_ptr<MongoPort> port;
};

TEST_F(ToldLoginTest, IsNotTakenOnAtEachSessionWhereThatFailed) {
  login.server.uri = "mongodb+srv://" + std::string(70, 'a') + ".example.net/";  // no name server has such a label
  EXPECT_EQ(find(), "no error");
  const int asked = login.asked;
  login.server.uri = other.uri();  // would do now
  for (int sessions = 0; sessions < 3; ++sessions) EXPECT_EQ(find(), "no error");
  EXPECT_EQ(login.asked, asked);
  for (int tries = 0; tries < 2; ++tries) server.next("find", FakeReply::lost());  // libmongoc reads twice
  EXPECT_NE(find(), "no error");
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(login.faults, std::vector{MongoLogin::Fault::unreachable});
  EXPECT_TRUE(other.seen("find").empty());
}

TEST_F(ToldLoginTest, IsTakenOnAtOnceWhereTheServerRefusesTheOneThereIs) {
  login.server.uri = "mongodb+srv://" + std::string(70, 'a') + ".example.net/";
  EXPECT_EQ(find(), "no error");
  login.server.uri = other.uri();
  server.next("find", FakeReply::answer(R"({"ok":0,"code":13,"codeName":"Unauthorized","errmsg":"no"})"));
  EXPECT_NE(find(), "no error");
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(login.faults, std::vector{MongoLogin::Fault::refused});
  EXPECT_EQ(other.seen("find").size(), 1U);
}

TEST_F(ToldLoginTest, MayTakeAllTheTimeOfACall) {
  login.slow = true;
  EXPECT_EQ(find(), "retry: find of shop.t: signing in left no time for it");
  EXPECT_TRUE(server.seen("find").empty());
  login.slow = false;
  EXPECT_EQ(find(), "no error");
  EXPECT_TRUE(login.faults.empty());  // the server was not to blame
}

TEST_F(MongoIam, FetchesOthersAfterARefusal) {
  hand_out("AK1");
  connect();
  server.forget("AK1");
  server.server().next("find", FakeReply::lost());  // so that it connects anew
  std::string refused = find();
  for (int tries = 0; tries < 3 && refused.find("refused") == std::string::npos; ++tries) refused = find();
  EXPECT_EQ(refused.rfind("retry: find of shop.t: MongoDB refused the AWS credentials of the container's role", 0), 0U)
      << refused;
  hand_out("AK2");
  EXPECT_EQ(find(), "no error");
  EXPECT_EQ(server.logins(), (Logins{"AK1", "!AK1", "AK2"}));
  EXPECT_EQ(refused.find("SECRET"), std::string::npos) << refused;
}

TEST_F(MongoIam, AsksOnceWhereThereAreNoOthers) {
  hand_out("AK1");
  connect();
  server.forget("AK1");
  const std::size_t asked = around.http.seen.size();
  for (int tries = 0; tries < 4; ++tries) {
    server.server().next("find", FakeReply::lost());
    EXPECT_NE(find(), "no error");
  }
  EXPECT_EQ(around.http.seen.size(), asked + 1);
}

TEST_F(MongoIam, SaysAtTheStartWhomMongodbDoesNotTake) {
  hand_out("AK1");
  server.forget("AK1");
  const std::vector<std::string> refusals = {
      R"({"ok":0,"code":8000,"codeName":"AtlasError","errmsg":"bad auth : aws sts call has response 403"})",
      R"({"ok":0,"code":18,"codeName":"AuthenticationFailed","errmsg":"Authentication failed."})",
      R"({"ok":0,"code":11,"codeName":"UserNotFound","errmsg":"Could not find user"})"};
  for (const std::string& refusal : refusals) {
    server.refuse_by(refusal);
    const std::string refused = shown_error(connect_mongo(login));
    EXPECT_EQ(refused.rfind("fatal: MongoDB refused the AWS credentials of the container's role: make the ARN", 0), 0U)
        << refused;
  }
  around.http.forget(container);
  around.http.answer(container, 403, "");
  around.clock.time += minutes(120);
  EXPECT_EQ(shown_error(connect_mongo(login)),
            "fatal: the container's credentials cannot be had: it answered without credentials (HTTP status 403)");
}

}  // namespace

}  // namespace dynatlas
