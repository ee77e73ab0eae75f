// SPDX-License-Identifier: Apache-2.0
#include "config/aws_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.h"

namespace dynatlas {

namespace {

Result<Config> config_of(const std::string& text, std::map<std::string, std::string> variables = {}) {
  ConfigOptions options;
  options.file = "c.yaml";
  options.text = text;
  options.variables = std::move(variables);
  return Config::load(options);
}

std::string refusal_of(const std::string& text) {
  const auto config = config_of(text);
  if (config) return "was not refused: " + text;
  EXPECT_EQ(config.error().kind, ErrorKind::usage);
  return config.error().message;
}

TEST(AwsOfConfiguration, IsEmptyWhereNothingIsSaid) {
  for (const char* text : {"", "aws:\n", "aws: {endpoints: }\n"}) {
    const auto config = config_of(text);
    ASSERT_TRUE(config) << config.error().message;
    EXPECT_EQ(config->aws.region + config->aws.profile + config->aws.role_arn + config->aws.endpoint, "");
    EXPECT_TRUE(config->aws.endpoints.empty());
  }
}

TEST(AwsOfConfiguration, HasEveryKey) {
  const auto config = config_of(R"(
aws:
  region: ap-northeast-2
  endpoint: http://127.0.0.1:4566
  endpoints: {sts: "https://sts.example:1", secretsmanager: "http://${HOST}/"}
  profile: p
  role_arn: arn:aws:iam::123456789012:role/r
  external_id: e
)",
                                {{"HOST", "secrets.example"}});
  ASSERT_TRUE(config) << config.error().message;
  const AwsSettings& aws = config->aws;
  EXPECT_EQ(aws.region, "ap-northeast-2");
  EXPECT_EQ(aws.endpoint, "http://127.0.0.1:4566");
  EXPECT_THAT(aws.endpoints, testing::ElementsAre(testing::Pair("secretsmanager", "http://secrets.example/"),
                                                  testing::Pair("sts", "https://sts.example:1")));
  EXPECT_EQ(aws.profile, "p");
  EXPECT_EQ(aws.role_arn, "arn:aws:iam::123456789012:role/r");
  EXPECT_EQ(aws.external_id, "e");
}

TEST(AwsOfConfiguration, RefusesWhatIsNoUrlWithoutRepeatingIt) {
  for (const char* url : {"SECRET", "ftp://SECRET", "http://", "https://user:SECRET@host", "http://h/?token=SECRET",
                          "https://h/#SECRET", "[SECRET]"}) {
    const std::string one = refusal_of(std::string("aws:\n  endpoint: ") + url + "\n");
    EXPECT_EQ(one, "c.yaml:2: `aws.endpoint` must be http://HOST:PORT or https://HOST:PORT, without a user");
    const std::string another = refusal_of(std::string("aws:\n  endpoints:\n    s3: ") + url + "\n");
    EXPECT_EQ(another, "c.yaml:3: `aws.endpoints.s3` must be http://HOST:PORT or https://HOST:PORT, without a user");
  }
}

// The configuration is kept in places that secrets must not be in.
TEST(AwsOfConfiguration, HasNoPlaceForSecretsAndRepeatsNone) {
  for (const char* key : {"access_key_id", "secret_access_key", "session_token", "external_ids"}) {
    const std::string refused = refusal_of(std::string("aws: {") + key + ": SECRET}");
    EXPECT_THAT(refused, testing::HasSubstr("is no key of the configuration"));
    EXPECT_THAT(refused, testing::Not(testing::HasSubstr("SECRET")));
  }
}

TEST(AwsOfConfiguration, RefusesRolesThatAreNone) {
  EXPECT_THAT(refusal_of("aws:\n  role_arn: reader\n"), testing::StartsWith("c.yaml:2: `aws.role_arn` must be an ARN"));
  EXPECT_THAT(refusal_of("aws:\n  external_id: e\n"), testing::HasSubstr("goes with `aws.role_arn`"));
}

}  // namespace

}  // namespace dynatlas
