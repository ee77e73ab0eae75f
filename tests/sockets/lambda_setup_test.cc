// SPDX-License-Identifier: Apache-2.0
//
// Reading a URI needs the module.
#include <gtest/gtest.h>

#include "setup.h"
#include "support/scripted_http.h"

namespace dynatlas {
namespace {

std::string uri_of(const FunctionSetup& setup) {
  const auto server = setup.login->current(std::chrono::seconds(3));
  return server ? server->uri : server.error().message;
}

class SetupTest : public testing::Test {
 protected:
  // Variables beside those of AWS.
  Result<FunctionSetup> read() {
    around.variables["AWS_REGION"] = "eu-west-1";
    around.variables["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE";
    around.variables["AWS_SECRET_ACCESS_KEY"] = "key";
    return read_setup(around.get());
  }

  std::string refusal() {
    const auto setup = read();
    EXPECT_FALSE(setup);
    if (setup) return "";
    EXPECT_EQ(setup.error().kind, ErrorKind::usage);
    return setup.error().message;
  }

  FakeSurroundings around;
};

TEST_F(SetupTest, NeedsAUriAlone) {
  around.variables["MONGODB_URI"] = "mongodb://127.0.0.1/shop";
  const auto setup = read();
  ASSERT_TRUE(setup) << setup.error().message;
  EXPECT_EQ(uri_of(*setup), "mongodb://127.0.0.1/shop");
  EXPECT_EQ(setup->config.target_of("orders").text(), "shop.orders");
  EXPECT_EQ(setup->config.state_database, "shop");
  EXPECT_EQ(setup->kept, nullptr);
}

TEST_F(SetupTest, TakesAConfigurationInline) {
  around.variables["MONGODB_URI"] = "mongodb://127.0.0.1/shop";
  around.variables["DYNATLAS_CONFIG"] = "tables:\n- {table: orders, to: a.b}\n";
  const auto setup = read();
  ASSERT_TRUE(setup) << setup.error().message;
  EXPECT_EQ(setup->config.target_of("orders").text(), "a.b");
}

TEST_F(SetupTest, TellsWhereTheConfigurationIsWrong) {
  around.variables["MONGODB_URI"] = "mongodb://127.0.0.1/shop";
  around.variables["DYNATLAS_CONFIG"] = "tables:\n- {tabel: orders}\n";
  EXPECT_EQ(refusal().rfind("DYNATLAS_CONFIG:2", 0), 0U);
  around.variables["DYNATLAS_CONFIG"] = "/nowhere/dynatlas.yaml";
  EXPECT_EQ(refusal().rfind("/nowhere/dynatlas.yaml: cannot be read", 0), 0U);
}

TEST_F(SetupTest, SaysWhatIsMissing) {
  EXPECT_NE(refusal().find("MONGODB_URI"), std::string::npos);
  around.variables["MONGODB_URI"] = "SECRET";
  EXPECT_EQ(refusal().find("SECRET"), std::string::npos);
  around.variables["MONGODB_URI_SECRET"] = "a";
  around.variables["MONGODB_URI_PARAMETER"] = "b";
  EXPECT_NE(refusal().find("both set"), std::string::npos);
  around.variables.clear();
  around.variables["DYNATLAS_CONFIG"] = "target: {dump: {folder: out}}";
  EXPECT_NE(refusal().find("target.dump"), std::string::npos);
}

TEST_F(SetupTest, FetchesTheUriFromASecret) {
  around.variables["MONGODB_URI_SECRET"] = "cdc/uri";
  around.variables["DYNATLAS_CONFIG"] = "target: {mongodb: {uri: '${MONGODB_URI}'}}";
  around.http.answer("POST https://secretsmanager.eu-west-1.amazonaws.com/", 200,
                     R"({"SecretString":"{\"MONGODB_URI\":\"mongodb://u:p@127.0.0.1/shop\"}"})");
  const auto setup = read();
  ASSERT_TRUE(setup) << setup.error().message;
  EXPECT_EQ(uri_of(*setup), "mongodb://u:p@127.0.0.1/shop");
  EXPECT_NE(setup->kept, nullptr);
}

// The secret is fetched as `aws:` says, although the rest of the configuration is not readable without it.
TEST_F(SetupTest, FetchesTheSecretWhereTheConfigurationSaysAndAsWhom) {
  around.variables["MONGODB_URI_SECRET"] = "cdc/uri";
  around.variables["DYNATLAS_CONFIG"] = R"(
aws:
  region: eu-central-1
  role_arn: arn:aws:iam::1:role/reader
  endpoints: {secretsmanager: "http://secrets.example"}
target: {mongodb: {uri: "${MONGODB_URI}/shop"}}
)";
  around.http.answer("POST https://sts.eu-central-1.amazonaws.com/", 200,
                     "<R><Credentials><AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                     "<SessionToken>t</SessionToken><Expiration>2023-11-14T23:13:20Z</Expiration></Credentials></R>");
  around.http.answer("POST http://secrets.example/", 200, R"({"SecretString":"mongodb://u:p@127.0.0.1"})");
  const auto setup = read();
  ASSERT_TRUE(setup) << setup.error().message;
  EXPECT_EQ(uri_of(*setup), "mongodb://u:p@127.0.0.1/shop");
  EXPECT_EQ(setup->config.target_of("orders").text(), "shop.orders");
  const std::string signed_by = *find_header(around.http.seen.at(1).headers, "Authorization");
  EXPECT_NE(signed_by.find("Credential=AKROLE/20231114/eu-central-1/secretsmanager/"), std::string::npos) << signed_by;
}

TEST_F(SetupTest, AsksNobodyBeforeTheConfigurationIsRight) {
  around.variables["MONGODB_URI_SECRET"] = "cdc/uri";
  for (const char* wrong : {"asw: {region: x}", "limits: {parked_in_a_row: many}", "name: ${NOWHERE_TO_BE_FOUND}"}) {
    around.variables["DYNATLAS_CONFIG"] = wrong;
    EXPECT_EQ(refusal().rfind("DYNATLAS_CONFIG:1", 0), 0U) << refusal();
  }
  EXPECT_TRUE(around.http.seen.empty());
}

TEST_F(SetupTest, ReadsARotatedSecretAgain) {
  around.variables["MONGODB_URI_SECRET"] = "cdc/uri";
  around.variables["DYNATLAS_CONFIG"] = "target: {mongodb: {uri: '${MONGODB_URI}/shop'}}";
  constexpr const char* url = "POST https://secretsmanager.eu-west-1.amazonaws.com/";
  for (const char* password : {"one", "two"}) {
    around.http.answer(url, 200, fmt::format(R"({{"SecretString":"mongodb://u:{}@127.0.0.1"}})", password));
  }
  around.http.answer(url, 200, R"({"SecretString":"SECRET is no URI"})");
  const auto setup = read();
  ASSERT_TRUE(setup) << setup.error().message;
  around.clock.time += std::chrono::minutes(1);
  const auto renew = [&] {
    return setup->login->renewed(*setup->login->current(std::chrono::seconds(3)), MongoLogin::Fault::refused,
                                 std::chrono::seconds(3));
  };
  const auto renewed = renew();
  ASSERT_TRUE(renewed) << renewed.error().message;
  EXPECT_EQ(renewed->uri, "mongodb://u:two@127.0.0.1/shop");
  around.clock.time += std::chrono::minutes(1);
  const auto wrong = renew();
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message.find("SECRET"), std::string::npos) << wrong.error().message;
  EXPECT_EQ(uri_of(*setup), "mongodb://u:two@127.0.0.1/shop");
}

// The secret is read as a role, and nobody answers who could give it.
TEST_F(SetupTest, AnEventDoesNotWaitForASecretBeyondItsLimit) {
  around.variables["MONGODB_URI_SECRET"] = "cdc/uri";
  around.variables["DYNATLAS_CONFIG"] = "aws: {role_arn: 'arn:aws:iam::1:role/reader'}";
  around.variables["AWS_REGION"] = "eu-west-1";
  around.variables["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE";
  around.variables["AWS_SECRET_ACCESS_KEY"] = "key";
  around.http.answer("POST https://sts.eu-west-1.amazonaws.com/", 200,
                     "<R><Credentials><AccessKeyId>AKROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
                     "<SessionToken>t</SessionToken><Expiration>2023-11-14T23:13:20Z</Expiration></Credentials></R>");
  around.http.answer("POST https://secretsmanager.eu-west-1.amazonaws.com/", 200,
                     R"({"SecretString":"mongodb://u:p@127.0.0.1/shop"})");
  SilentHttp http(around.http, around.clock, false);
  const auto setup = read_setup({around.get().environment, http, around.clock, 1});
  ASSERT_TRUE(setup) << setup.error().message;
  around.clock.time += std::chrono::minutes(61);
  http.silent = true;
  const MongoServer used = *setup->login->current(std::chrono::seconds(3));
  for (const int limit : {3, 60}) {
    around.clock.time += std::chrono::minutes(10);
    const Clock::Time began = around.clock.time;
    EXPECT_FALSE(setup->login->renewed(used, MongoLogin::Fault::refused, std::chrono::seconds(limit)));
    EXPECT_LE(around.clock.time, began + std::chrono::seconds(std::min(limit, 5)));
    EXPECT_GT(around.clock.time, began);
  }
}

TEST_F(SetupTest, HasKeysOfAwsWhereTheServerWantsThem) {
  around.variables["MONGODB_URI"] = "mongodb://127.0.0.1/shop?authMechanism=MONGODB-AWS";
  const auto setup = read();
  ASSERT_TRUE(setup) << setup.error().message;
  const auto server = setup->login->current(std::chrono::seconds(3));
  ASSERT_TRUE(server && server->keys);
  EXPECT_EQ(server->keys->access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(server->keys->source, "the environment (AWS_ACCESS_KEY_ID)");
}

TEST_F(SetupTest, FetchesTheUriFromAParameter) {
  around.variables["MONGODB_URI_PARAMETER"] = "/cdc/uri";
  around.http.answer("POST https://ssm.eu-west-1.amazonaws.com/", 200,
                     R"({"Parameter":{"Name":"/cdc/uri","Value":"mongodb://127.0.0.1/shop"}})");
  const auto setup = read();
  ASSERT_TRUE(setup) << setup.error().message;
  EXPECT_EQ(uri_of(*setup), "mongodb://127.0.0.1/shop");
}

}  // namespace
}  // namespace dynatlas
