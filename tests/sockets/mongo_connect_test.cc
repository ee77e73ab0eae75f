// SPDX-License-Identifier: Apache-2.0
//
// What a URI may say, and why a run cannot begin.
#include "sockets/mongo_socket.h"

namespace dynatlas {

namespace {

struct BadUri {
  std::string uri;
  std::string part;  // of the message
};

TEST(MongoUriText, IsReadOrRefusedWithoutBeingQuoted) {
  const std::vector<BadUri> bad = {
      {"mongo://h/", "cannot be read"},
      {"mongodb://user:SE@CRET@h/", "cannot be read"},
      {"mongodb://user:SE/CRET@h/", "cannot be read"},
      {"mongodb://h:port/", "cannot be read"},
      {"mongodb://h/?tsl=true", "option that is not known: tsl"},
      {"mongodb://user@h/", "names a user without a password"},
      {"mongodb://user:@h/?authMechanism=SCRAM-SHA-1", "names a user without a password"},
      {"mongodb://user:SECRET@h/?tls=SECRET", "option tls has no valid value"},
      {"mongodb://h/?connectTimeoutMS=soon", "option connecttimeoutms has no valid value"},
      {"mongodb://h/?w=1", "option w must be majority"},
      {"mongodb://h/?w=0", "option w must be majority"},
      {"mongodb://h/?w=mine", "option w must be majority"},
      {"mongodb://h/?w=majority&journal=false", "option journal must be true"},
      {"mongodb://h/?readConcernLevel=local", "option readConcernLevel must be majority"},
      {"mongodb://AKSECRET@h/?authMechanism=MONGODB-AWS", "names a user without a password"},
      {"mongodb://u@h/?authMechanism=MONGODB-OIDC", "option authMechanism must be absent or one of"},
      {"mongodb+srv://h/", "cannot be read"},
      {"mongodb://h?tls=true", "cannot be read"},
      {"mongodb://h/?compressors=lz4", "option compressors has no valid value"},
      {"mongodb://h/?tlsInsecure=true&tlsAllowInvalidHostnames=true", "cannot be read"},
  };
  for (const BadUri& entry : bad) {
    const std::string error = shown_error(read_mongo_uri(entry.uri));
    EXPECT_EQ(error.substr(0, 7), "usage: ") << entry.uri;
    EXPECT_NE(error.find(entry.part), std::string::npos) << entry.uri << ": " << error;
    EXPECT_EQ(error.find("CRET"), std::string::npos) << error;
  }
}

TEST(MongoUriText, NamesItsDatabase) {
  for (const char* uri :
       {"mongodb://h1:1,h2:2/shop?replicaSet=r&w=majority&wTimeoutMS=5&journal=true&readConcernLevel=majority",
        "mongodb+srv://user:pass%2Fword@cluster0.example.net/shop?retryWrites=true&w=majority&appName=x",
        "mongodb://h/shop?compressors=zstd,zlib&readPreference=secondaryPreferred&retryReads=false"}) {
    const auto read = read_mongo_uri(uri);
    ASSERT_TRUE(read) << uri << read.error().message;
    EXPECT_EQ(read->database, "shop");
  }
  EXPECT_EQ(read_mongo_uri("mongodb://h")->database, "");
}

TEST(MongoUriText, LeavesItToAwsWhoConnects) {
  EXPECT_TRUE(read_mongo_uri("mongodb://h/shop?authMechanism=MONGODB-AWS&authSource=%24external")->wants_keys);
  EXPECT_TRUE(read_mongo_uri("mongodb+srv://c.example.net/shop?authMechanism=MONGODB-AWS")->wants_keys);
  EXPECT_FALSE(read_mongo_uri("mongodb://AK:key@h/?authMechanism=MONGODB-AWS")->wants_keys);
  EXPECT_FALSE(read_mongo_uri("mongodb://h/")->wants_keys);
}

class MongoConnect : public testing::Test {
 protected:
  std::string error_of(const std::string& uri) { return shown_error(connect_mongo({uri})); }

  FakeMongod server;
};

#define EXPECT_ERROR(kind, text, part)                           \
  do {                                                           \
    const std::string error = (text);                            \
    EXPECT_EQ(error.substr(0, 7), kind) << error;                \
    EXPECT_NE(error.find(part), std::string::npos) << error;     \
    EXPECT_EQ(error.find("SECRET"), std::string::npos) << error; \
  } while (false)

#define EXPECT_FATAL(text, part) EXPECT_ERROR("fatal: ", text, part)
#define EXPECT_RETRY(text, part) EXPECT_ERROR("retry: ", text, part)  // it may be there later

TEST_F(MongoConnect, SaysWhoItIs) {
  const auto connected = connect_mongo({server.uri()});
  ASSERT_TRUE(connected) << connected.error().message;
  const std::string hello = json_of(server.seen("hello").at(0).body);
  EXPECT_NE(hello.find(R"("application":{"name":"dynatlas"})"), std::string::npos) << hello;
  const auto named = connect_mongo({server.uri("&appName=mine")});
  ASSERT_TRUE(named) << named.error().message;
  EXPECT_NE(json_of(server.seen("hello").back().body).find(R"("name":"mine")"), std::string::npos);
}

TEST_F(MongoConnect, SaysThatNobodyListens) {
  std::string uri;
  {
    const FakeMongod gone;
    uri = gone.uri();
  }
  EXPECT_RETRY(error_of(uri), "MongoDB on host 127.0.0.1 cannot be connected to: check that it runs");
}

// A label of more than 63 letters is no name, whatever the DNS server says.
TEST_F(MongoConnect, SaysThatANameIsUnknown) {
  const std::string name = std::string(70, 'n') + ".example.invalid";
  EXPECT_RETRY(error_of("mongodb://user:SECRET@" + name + "/"), "cannot be resolved: check its spelling");
  EXPECT_RETRY(error_of("mongodb+srv://user:SECRET@" + name + "/"), "the SRV record _mongodb._tcp." + name);
}

TEST_F(MongoConnect, SaysThatTlsFails) {
  EXPECT_RETRY(error_of(server.uri("&tls=true")), "no TLS connection to MongoDB on host");
}

TEST_F(MongoConnect, SaysThatTlsMayBeMissing) {
  server.always("hello", [](const FakeCommand&) { return FakeReply::lost(); });
  EXPECT_RETRY(error_of(server.uri()), "where the server requires TLS, add tls=true");
}

TEST_F(MongoConnect, SaysThatTheServerIsSilent) {
  server.always("hello", [](const FakeCommand&) { return FakeReply::silence(); });
  EXPECT_RETRY(error_of(server.uri()), "accepts the connection, but does not answer");
}

TEST_F(MongoConnect, SaysThatTheServerIsTooOld) {
  for (const int version : {5, 8}) {
    server.hello(fmt::format(R"({{"maxWireVersion":{}}})", version));
    EXPECT_FATAL(error_of(server.uri()), "versions from 4.4 on are supported");
  }
}

TEST_F(MongoConnect, SaysThatThePasswordIsWrong) {
  const std::vector<std::string> refusals = {
      R"({"ok":0,"code":18,"codeName":"AuthenticationFailed","errmsg":"Authentication failed. SECRET"})",
      R"({"ok":0,"code":11,"codeName":"UserNotFound","errmsg":"Could not find user SECRET"})"};
  for (const std::string& refusal : refusals) {
    server.next("saslStart", FakeReply::answer(refusal));
    EXPECT_FATAL(error_of(server.uri("", "me:SECRET@")),
                 "MongoDB refused the user name or password: check both, authSource");
  }
}

TEST_F(MongoConnect, DoesNotTakeALostConnectionForAWrongPassword) {
  server.next("saslStart", FakeReply::lost());
  EXPECT_RETRY(error_of(server.uri("", "me:SECRET@")), "the connection to MongoDB was lost");
}

TEST_F(MongoConnect, SaysThatNothingIsPermitted) {
  server.next("ping", FakeReply::answer(R"({"ok":0,"code":13,"errmsg":"SECRET"})"));
  EXPECT_FATAL(error_of(server.uri()), "error 13 (Unauthorized): grant the user the role readWrite");
}

TEST_F(MongoConnect, SaysThatTheServerIsJustNowGoing) {
  server.next("ping", FakeReply::answer(R"({"ok":0,"code":91,"errmsg":"SECRET"})"));
  EXPECT_RETRY(error_of(server.uri()), "error 91 (ShutdownInProgress): run again");
}

TEST_F(MongoConnect, SaysThatTheServerIsNoPrimary) {
  server.hello(R"({"ismaster":false,"isWritablePrimary":false,"secondary":true})");
  EXPECT_FATAL(error_of(server.uri()), "is not its replica set's primary");
}

TEST_F(MongoConnect, WaitsForAnElection) {
  server.next("hello", server.greeting(R"({"ismaster":false,"isWritablePrimary":false,"secondary":true})"));
  const auto connected = connect_mongo({server.uri("&replicaSet=fake")});
  EXPECT_TRUE(connected) << connected.error().message;
}

}  // namespace

}  // namespace dynatlas
