// SPDX-License-Identifier: Apache-2.0
//
// Reading a URI needs the module.
#include <gtest/gtest.h>

#include <cstdlib>

#include "setup.h"
#include "support/scripted_http.h"

namespace dynatlas {
namespace {

class SetupTest : public testing::Test {
 protected:
  ~SetupTest() override { unsetenv("MONGODB_URI"); }

  // Variables beside those of AWS.
  Result<FunctionSetup> read() {
    around.variables["AWS_REGION"] = "eu-west-1";
    around.variables["AWS_ACCESS_KEY_ID"] = "AKIDEXAMPLE";
    around.variables["AWS_SECRET_ACCESS_KEY"] = "key";
    auto surroundings = around.get();
    surroundings.environment = [known = surroundings.environment](const std::string& name) {
      auto value = known(name);
      return value || name != "MONGODB_URI" ? value : process_environment(name);
    };
    return read_setup(surroundings);
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
  EXPECT_EQ(setup->uri, "mongodb://127.0.0.1/shop");
  EXPECT_EQ(setup->config.target_of("orders").text(), "shop.orders");
  EXPECT_EQ(setup->config.state_database, "shop");
  EXPECT_FALSE(setup->uri_may_change);
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
  EXPECT_EQ(setup->uri, "mongodb://u:p@127.0.0.1/shop");
  EXPECT_TRUE(setup->uri_may_change);
}

TEST_F(SetupTest, FetchesTheUriFromAParameter) {
  around.variables["MONGODB_URI_PARAMETER"] = "/cdc/uri";
  around.http.answer("POST https://ssm.eu-west-1.amazonaws.com/", 200,
                     R"({"Parameter":{"Name":"/cdc/uri","Value":"mongodb://127.0.0.1/shop"}})");
  const auto setup = read();
  ASSERT_TRUE(setup) << setup.error().message;
  EXPECT_EQ(setup->uri, "mongodb://127.0.0.1/shop");
}

}  // namespace
}  // namespace dynatlas
