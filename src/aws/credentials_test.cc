// SPDX-License-Identifier: Apache-2.0
//
// Every source of credentials against a fake of it, and the order among them.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "aws/command.h"
#include "aws/credential_chain.h"
#include "aws/url.h"
#include "support/scripted_http.h"
#include "support/temporary_folder.h"

namespace dynatlas {

namespace {

constexpr const char* token_put = "PUT http://169.254.169.254/latest/api/token";
constexpr const char* roles_get = "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/";
constexpr const char* role_get = "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/worker";
constexpr const char* sts_post = "POST https://sts.eu-central-1.amazonaws.com/";

std::string sts_answer(const std::string& key) {
  return fmt::format(
      "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>{0}</AccessKeyId>"
      "<SecretAccessKey>HUSH-{0}</SecretAccessKey><SessionToken>HUSH-token-{0}&lt;</SessionToken>"
      "<Expiration>2023-11-14T23:13:20Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>",
      key);
}

std::string json_answer(const std::string& key, const std::string& token_name = "Token") {
  return fmt::format(R"({{"Code":"Success","AccessKeyId":"{0}","SecretAccessKey":"HUSH-{0}","{1}":"HUSH-token-{0}",)"
                     R"("Expiration":"2023-11-15T04:13:20Z"}})",
                     key, token_name);
}

class CredentialChainTest : public testing::Test {
 protected:
  CredentialChainTest() { around.variables = {{"HOME", folder.path()}, {"AWS_REGION", "eu-central-1"}}; }
  ~CredentialChainTest() override {
    for (const std::string& message : messages) {
      EXPECT_EQ(message.find("HUSH"), std::string::npos) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }

  Result<Credentials> fetch() {
    auto found = CredentialChain(settings, around.get()).fetch(deadline);
    if (!found) messages.push_back(found.error().message);
    return found;
  }
  std::string key() {
    auto found = fetch();
    return found ? found->access_key_id : found.error().message;
  }
  void expect_fatal(const std::string& part) {
    const auto found = fetch();
    ASSERT_FALSE(found) << part;
    EXPECT_EQ(found.error().kind, ErrorKind::fatal) << found.error().message;
    EXPECT_NE(found.error().message.find(part), std::string::npos) << found.error().message;
  }
  void config(const std::string& text) { folder.write(".aws/config", text); }
  void on_an_instance() {
    around.http.answer(token_put, 200, "HUSH-imds\n");
    around.http.answer(roles_get, 200, "worker\n");
    around.http.answer(role_get, 200, json_answer("AKINSTANCE"));
  }
  std::string header(std::size_t request, std::string_view name) {
    const std::string* value = find_header(around.http.seen.at(request).headers, name);
    return value == nullptr ? "" : *value;
  }

  TemporaryFolder folder;
  FakeSurroundings around;
  AwsSettings settings;
  std::vector<std::string> messages;
  Clock::Time deadline = Clock::Time::max();
};

TEST_F(CredentialChainTest, TakesTheEnvironmentFirst) {
  on_an_instance();
  config("[default]\naws_access_key_id = AKFILE\naws_secret_access_key = HUSH-f\n");
  around.variables["AWS_ACCESS_KEY_ID"] = "AKENV";
  expect_fatal("AWS_ACCESS_KEY_ID is set without AWS_SECRET_ACCESS_KEY");
  around.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH-e";
  around.variables["AWS_SECURITY_TOKEN"] = "HUSH-old";
  EXPECT_EQ(fetch()->session_token, "HUSH-old");
  around.variables["AWS_SESSION_TOKEN"] = "HUSH-t";
  around.variables["AWS_CREDENTIAL_EXPIRATION"] = "2023-11-14T22:43:20Z";
  const auto found = fetch();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key_id, "AKENV");
  EXPECT_EQ(found->secret_access_key, "HUSH-e");
  EXPECT_EQ(found->session_token, "HUSH-t");
  EXPECT_EQ(found->expires, around.clock.time + std::chrono::minutes(30));
  around.variables["AWS_CREDENTIAL_EXPIRATION"] = "HUSH-soon";
  expect_fatal("AWS_CREDENTIAL_EXPIRATION is no time");
  EXPECT_TRUE(around.http.seen.empty());
}

TEST_F(CredentialChainTest, AProfileThatIsNamedInTheConfigurationPassesByTheEnvironment) {
  config("[profile other]\naws_access_key_id = AKFILE\naws_secret_access_key = HUSH-f\n");
  around.variables["AWS_ACCESS_KEY_ID"] = "AKENV";
  around.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH-e";
  around.variables["AWS_PROFILE"] = "other";
  EXPECT_EQ(key(), "AKENV");
  settings.profile = "other";
  EXPECT_EQ(key(), "AKFILE");
  settings.profile = "missing";
  expect_fatal("there is no AWS profile missing in " + folder.path() + "/.aws/config and ");
}

TEST_F(CredentialChainTest, TakesTheRoleOfAWebIdentity) {
  around.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder.path() + "/token";
  expect_fatal("without AWS_ROLE_ARN");
  around.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  expect_fatal("/token, is not there");
  folder.write("token", "HUSH.web+identity/\n");
  around.http.answer(sts_post, 200, sts_answer("AKWEB"));
  const auto found = fetch();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key_id, "AKWEB");
  EXPECT_EQ(found->session_token, "HUSH-token-AKWEB<");
  EXPECT_EQ(found->expires, around.clock.time + std::chrono::hours(1));
  EXPECT_EQ(around.http.seen.at(0).body,
            "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fpod"
            "&RoleSessionName=dynatlas-1700000000&WebIdentityToken=HUSH.web%2Bidentity%2F");
  EXPECT_EQ(header(0, "authorization"), "");  // who has a token has nothing to sign with
  EXPECT_EQ(header(0, "content-type"), "application/x-www-form-urlencoded; charset=utf-8");
  folder.write("token", "HUSH.next");  // is replaced while it is valid
  ASSERT_TRUE(fetch());
  EXPECT_TRUE(around.http.seen.at(1).body.ends_with("WebIdentityToken=HUSH.next"));
}

TEST_F(CredentialChainTest, SaysWhyARoleIsRefused) {
  around.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder.path() + "/token";
  around.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  folder.write("token", "HUSH");
  around.http.answer(sts_post, 400,
                     "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidIdentityToken</Code>"
                     "<Message>No OpenIDConnect provider found &amp; so on</Message></Error></ErrorResponse>");
  expect_fatal(
      "the role arn:aws:iam::1:role/pod cannot be taken on: STS AssumeRoleWithWebIdentity: InvalidIdentityToken: No "
      "OpenIDConnect provider found & so on");
}

// As proxies do that take a request for a bad one.
TEST_F(CredentialChainTest, TellsNothingOfWhatARoleIsTakenOnWith) {
  const auto refused = [&](const std::string& said) {
    around.http.forget(sts_post);
    around.http.answer(sts_post, 400, said);
    expect_fatal("the role arn:aws:iam::1:role/pod cannot be taken on: STS");
    EXPECT_NE(messages.back().find("***&x=***"), std::string::npos) << messages.back();
  };
  around.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder.path() + "/token";
  around.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  folder.write("token", "HUSH.web+identity/");
  refused("WebIdentityToken=HUSH.web%2Bidentity%2F&x=HUSH.web+identity/ is bad");
  around.variables = {{"AWS_REGION", "eu-central-1"},
                      {"AWS_ACCESS_KEY_ID", "AK"},
                      {"AWS_SECRET_ACCESS_KEY", "HUSH/k"},
                      {"AWS_SESSION_TOKEN", "HUSH/t"}};
  settings.role_arn = "arn:aws:iam::1:role/pod";
  settings.external_id = "HUSH:x";
  refused("ExternalId=HUSH%3Ax&x=HUSH:x is bad");
  refused(R"({"message":"X-Amz-Security-Token=HUSH%2Ft&x=HUSH/t"})");
}

// What is done about a refusal goes by its code, whatever words an external id has.
TEST_F(CredentialChainTest, KnowsACodeThatHasTheExternalIdInIt) {
  around.variables["AWS_ACCESS_KEY_ID"] = "AK";
  around.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH";
  settings.role_arn = "arn:aws:iam::1:role/pod";
  settings.external_id = "Thrott";
  around.http.answer(sts_post, 400, "<E><Error><Code>Throttling</Code><Message>Rate</Message></Error></E>");
  around.http.answer(sts_post, 200, sts_answer("AKROLE"));
  EXPECT_EQ(key(), "AKROLE");
}

TEST_F(CredentialChainTest, ReadsKeysOfProfilesAndTheCredentialsFileWins) {
  config(
      "# made by hand\n[default]\nregion=eu-west-1\naws_access_key_id=AKCONFIG\naws_secret_access_key=HUSH-c\n"
      "[profile \"two words\"]\naws_access_key_id = AKTWO\naws_secret_access_key = HUSH-2\naws_session_token = "
      "HUSH-t2\n"
      "[stray]\naws_access_key_id = AKSTRAY\naws_secret_access_key = HUSH-s\n");
  EXPECT_EQ(key(), "AKCONFIG");
  folder.write(".aws/credentials", "[default]\nAWS_ACCESS_KEY_ID = AKOWN\naws_secret_access_key: HUSH#o\n");
  EXPECT_EQ(key(), "AKOWN");
  EXPECT_EQ(fetch()->secret_access_key, "HUSH#o");
  EXPECT_FALSE(fetch()->expires);
  around.variables["AWS_DEFAULT_PROFILE"] = "two words";
  EXPECT_EQ(fetch()->session_token, "HUSH-t2");
  around.variables["AWS_PROFILE"] = "stray";  // a section of the config file without the word profile
  expect_fatal("there is no AWS profile stray");
  around.variables["AWS_PROFILE"] = "half";
  folder.write("elsewhere", "[half]\naws_secret_access_key = HUSH-h\n");
  around.variables["AWS_SHARED_CREDENTIALS_FILE"] = "~/elsewhere";
  expect_fatal("has one of aws_access_key_id and aws_secret_access_key");
  folder.write("elsewhere", "[half]\nHUSH without a sign\n");
  expect_fatal("/elsewhere:2: this line is neither");
}

TEST_F(CredentialChainTest, RunsTheCommandOfAProfile) {
  const auto process = [&](const std::string& output) {
    folder.write("output", output);
    config("[default]\ncredential_process = cat \"" + folder.path() + "/output\"\n");
  };
  process(R"({"Version":1,"AccessKeyId":"AKPROC","SecretAccessKey":"HUSH-p","SessionToken":"HUSH-pt"})");
  const auto found = fetch();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key_id, "AKPROC");
  EXPECT_EQ(found->session_token, "HUSH-pt");
  EXPECT_FALSE(found->expires);
  process(R"({"Version":2,"AccessKeyId":"AKPROC","SecretAccessKey":"HUSH-p"})");
  expect_fatal("credential_process of the AWS profile default printed no credentials");
  process(R"({"Version":1,"AccessKeyId":"AKPROC","SecretAccessKey":"HUSH-p","Expiration":"HUSH"})");
  expect_fatal("printed no credentials");
  config("[default]\ncredential_process = sh -c 'echo HUSH; echo HUSH >&2; exit 3'\n");
  expect_fatal("credential_process of the AWS profile default has no credentials: sh failed with exit code 3");
  config("[default]\ncredential_process = sh -c 'kill -9 $$'\n");
  expect_fatal("sh failed with signal 9");
  config("[default]\ncredential_process = /nowhere/HUSHLESS\n");
  messages.clear();
  const auto missing = fetch();
  EXPECT_NE(missing.error().message.find("cannot be started: No such file"), std::string::npos);
  messages.clear();  // the program's name is shown, and here it has the word in it
  config("[default]\ncredential_process = cat 'open\n");
  expect_fatal("is no command");
}

TEST_F(CredentialChainTest, TakesOnTheRoleOfAProfile) {
  config(
      "[profile base]\naws_access_key_id = AKBASE\naws_secret_access_key = HUSH-b\n"
      "[profile middle]\nrole_arn = arn:aws:iam::1:role/middle\nsource_profile = base\n"
      "[default]\nrole_arn = arn:aws:iam::2:role/top\nsource_profile = middle\nexternal_id = x 1\n"
      "role_session_name = me\nduration_seconds = 900\n");
  around.http.answer(sts_post, 200, sts_answer("AKMIDDLE"));
  around.http.answer(sts_post, 200, sts_answer("AKTOP"));
  const auto found = fetch();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key_id, "AKTOP");
  EXPECT_EQ(found->source, "the role arn:aws:iam::2:role/top");
  ASSERT_EQ(around.http.seen.size(), 2U);
  EXPECT_NE(header(0, "authorization").find("Credential=AKBASE/20231114/eu-central-1/sts/aws4_request"),
            std::string::npos);
  EXPECT_NE(header(1, "authorization").find("Credential=AKMIDDLE/"), std::string::npos);
  EXPECT_EQ(header(1, "x-amz-security-token"), "HUSH-token-AKMIDDLE<");
  EXPECT_EQ(around.http.seen.at(1).body,
            "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A2%3Arole%2Ftop&RoleSessionName=me"
            "&DurationSeconds=900&ExternalId=x%201");
}

TEST_F(CredentialChainTest, TakesOnTheRoleOfTheConfiguration) {
  around.variables["AWS_ACCESS_KEY_ID"] = "AKENV";
  around.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH-e";
  settings.role_arn = "arn:aws:iam::1:role/reader";
  settings.external_id = "outside";
  around.http.answer(sts_post, 200, sts_answer("AKROLE"));
  EXPECT_EQ(key(), "AKROLE");
  EXPECT_NE(around.http.seen.at(0).body.find("&ExternalId=outside"), std::string::npos);
}

TEST_F(CredentialChainTest, AProfileMayStandOnItsOwnKeysButOnNoLoop) {
  config(
      "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\naws_access_key_id = AKSELF\n"
      "aws_secret_access_key = HUSH-s\n");
  around.http.answer(sts_post, 200, sts_answer("AKROLE"));
  EXPECT_EQ(key(), "AKROLE");
  config("[default]\nrole_arn = r\nsource_profile = default\n");
  expect_fatal("stands on itself: default -> default");
  config("[default]\nrole_arn = r\nsource_profile = a\n[profile a]\nrole_arn = r\nsource_profile = default\n");
  expect_fatal("the AWS profile a stands on itself: default -> a -> default");
}

TEST_F(CredentialChainTest, RefusesRolesThatCannotBeTakenOn) {
  const auto refuses = [&](const std::string& lines, const std::string& part) {
    config("[default]\nrole_arn = r\n" + lines + "[profile empty]\nregion = x\n");
    expect_fatal(part);
  };
  refuses("", "give it one of source_profile, credential_source and web_identity_token_file");
  refuses("source_profile = a\ncredential_source = Environment\n", "give it one of");
  refuses("source_profile = gone\n", "stands on the profile gone, which is not in");
  refuses("source_profile = empty\n", "stands on empty, which has no credentials");
  refuses("credential_source = Environment\n", "stands on Environment, which has no credentials");
  refuses("credential_source = Moon\n", "has the unknown credential_source Moon");
  refuses("source_profile = empty\nmfa_serial = m\n", "wants a one-time code");
  config("[default]\nsso_session = s\n");
  expect_fatal("uses IAM Identity Center");
}

TEST_F(CredentialChainTest, ARoleMayStandOnAnyCredentialSource) {
  around.http.answer(sts_post, 200, sts_answer("AKROLE"));
  on_an_instance();
  around.http.answer("GET http://169.254.170.2/role", 200, json_answer("AKCONTAINER"));
  around.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/role";
  const auto signed_by = [&](const std::string& source) {
    config("[default]\nrole_arn = r\ncredential_source = " + source + "\n");
    EXPECT_EQ(key(), "AKROLE") << source;
    const std::string authorization = header(around.http.seen.size() - 1, "authorization");
    return authorization.substr(0, authorization.find('/'));
  };
  EXPECT_EQ(signed_by("EcsContainer"), "AWS4-HMAC-SHA256 Credential=AKCONTAINER");
  EXPECT_EQ(signed_by("Ec2InstanceMetadata"), "AWS4-HMAC-SHA256 Credential=AKINSTANCE");
  settings.profile = "default";  // otherwise the environment's would be taken before
  around.variables["AWS_ACCESS_KEY_ID"] = "AKENV";
  around.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH-e";
  EXPECT_EQ(signed_by("Environment"), "AWS4-HMAC-SHA256 Credential=AKENV");
  folder.write("token", "HUSH");
  config("[default]\nrole_arn = r\nexternal_id = x\nweb_identity_token_file = " + folder.path() + "/token\n");
  EXPECT_EQ(key(), "AKROLE");
  EXPECT_EQ(around.http.seen.back().body.find("ExternalId"), std::string::npos);
  EXPECT_NE(around.http.seen.back().body.find("AssumeRoleWithWebIdentity"), std::string::npos);
}

TEST_F(CredentialChainTest, AsksTheContainer) {
  on_an_instance();
  around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = "http://169.254.170.23/v1/credentials";
  around.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "HUSH-a";
  around.http.answer("GET http://169.254.170.23/v1/credentials", 200, json_answer("AKPOD"));
  const auto found = fetch();
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->access_key_id, "AKPOD");
  EXPECT_EQ(found->session_token, "HUSH-token-AKPOD");
  EXPECT_EQ(found->expires, around.clock.time + std::chrono::hours(6));
  EXPECT_EQ(header(0, "authorization"), "HUSH-a");
  EXPECT_TRUE(around.http.seen.at(0).direct);
  EXPECT_EQ(around.http.seen.at(0).end_within, std::chrono::seconds(2));
  around.variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = folder.path() + "/token";
  expect_fatal("/token is not there");
  folder.write("token", "HUSH-f");
  EXPECT_EQ(key(), "AKPOD");
  EXPECT_EQ(header(1, "authorization"), "HUSH-f");
  folder.write("token", "HUSH-f\nX-Other: 1");
  expect_fatal("has a line end");
}

TEST_F(CredentialChainTest, AsksTheContainerThreeTimesAndNobodyFarAway) {
  around.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/HUSH";
  const auto unanswered = fetch();
  ASSERT_FALSE(unanswered);
  EXPECT_EQ(unanswered.error().kind, ErrorKind::retry);
  messages.clear();  // the scripted network, unlike the real one, shows the path
  EXPECT_EQ(around.http.seen.size(), 3U);
  EXPECT_EQ(around.clock.slept, std::vector(2, std::chrono::milliseconds(1000)));
  around.http.answer("GET http://169.254.170.2/HUSH", 403, "HUSH");
  expect_fatal("the container's credentials cannot be had: it answered without credentials (HTTP status 403)");
  around.variables.erase("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  for (const char* far : {"http://example.com/HUSH", "http://127.example.com/", "http://169.254.170.2@example.com/",
                          "http://169.254.169.254/", "ftp://localhost/"}) {
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = far;
    expect_fatal("AWS_CONTAINER_CREDENTIALS_FULL_URI is not asked");
  }
  for (const char* near : {"http://127.0.0.2:80/c", "http://[::1]/c", "http://[fd00:ec2::23]/c", "http://localhost/c",
                           "https://example.com/c"}) {
    around.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = near;
    around.http.answer(fmt::format("GET {}", near), 200, json_answer("AKNEAR"));
    EXPECT_EQ(key(), "AKNEAR") << near;
    EXPECT_EQ(around.http.seen.back().direct, std::string_view(near).starts_with("http:")) << near;
  }
}

TEST_F(CredentialChainTest, AsksTheInstanceByASession) {
  on_an_instance();
  EXPECT_EQ(key(), "AKINSTANCE");
  EXPECT_EQ(header(0, "x-aws-ec2-metadata-token-ttl-seconds"), "21600");
  ASSERT_EQ(around.http.seen.size(), 4U);
  for (const std::size_t get : {1U, 3U}) EXPECT_EQ(header(get, "x-aws-ec2-metadata-token"), "HUSH-imds");
  for (const HttpRequest& request : around.http.seen) {
    EXPECT_TRUE(request.direct);
    EXPECT_EQ(request.end_within, std::chrono::seconds(1));
  }
  around.variables["AWS_EC2_METADATA_DISABLED"] = "TRUE";
  expect_fatal("AWS_EC2_METADATA_DISABLED turns it off");
}

TEST_F(CredentialChainTest, AsksTheInstanceWithoutASessionWhereThatIsAllowed) {
  around.http.answer(token_put, 403, "");
  around.http.answer(roles_get, 200, "worker");
  around.http.answer(role_get, 200, json_answer("AKOLD"));
  EXPECT_EQ(key(), "AKOLD");
  EXPECT_EQ(header(1, "x-aws-ec2-metadata-token"), "");
  around.http.forget(token_put);  // no answer: hop limit 1 in a container
  EXPECT_EQ(key(), "AKOLD");
  around.variables["AWS_EC2_METADATA_V1_DISABLED"] = "true";
  expect_fatal("in a container the instance's metadata hop limit must be 2");
  around.http.answer(token_put, 404, "");
  expect_fatal("AWS_EC2_METADATA_V1_DISABLED forbids IMDSv1");
  around.http.forget(token_put);
  around.http.answer(token_put, 500, "");
  EXPECT_EQ(fetch().error().kind, ErrorKind::retry);
}

TEST_F(CredentialChainTest, AsksTheInstanceWhereAndAsOftenAsIsSaid) {
  around.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"] = "IPv6";
  around.variables["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] = "2";
  around.variables["AWS_METADATA_SERVICE_TIMEOUT"] = "5";
  expect_fatal("no AWS credentials were found");
  EXPECT_EQ(around.http.seen.size(), 4U);  // token and roles, twice each
  EXPECT_EQ(around.http.seen.at(0).url, "http://[fd00:ec2::254]/latest/api/token");
  EXPECT_EQ(around.http.seen.at(0).end_within, std::chrono::seconds(5));
  around.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://localhost:1338/";
  around.http.answer("PUT http://localhost:1338/latest/api/token", 500, "");
  around.http.answer("PUT http://localhost:1338/latest/api/token", 200, "t");
  around.http.answer("GET http://localhost:1338/latest/meta-data/iam/security-credentials/", 404, "");
  expect_fatal("it has nothing to say (HTTP status 404)");
}

TEST_F(CredentialChainTest, SaysWhatTheInstanceAnswersInsteadOfCredentials) {
  on_an_instance();
  around.http.forget(role_get);
  around.http.answer(role_get, 200, R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"HUSH"})");
  expect_fatal("it answers AssumeRoleUnauthorizedAccess instead of credentials");
}

// Each source by itself, where nobody answers.
TEST_F(CredentialChainTest, NoSourceOutlastsTheDeadline) {
  const auto expect_in_time = [&](const std::string& part) {
    const Clock::Time began = around.clock.time;
    SilentHttp silent(around.http, around.clock);
    const Surroundings plain = around.get();
    CredentialChain chain(settings, Surroundings{plain.environment, silent, plain.clock, 1});
    const auto found = chain.fetch(began + std::chrono::milliseconds(1500));
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().kind, ErrorKind::retry) << found.error().message;
    EXPECT_NE(found.error().message.find(part), std::string::npos) << found.error().message;
    EXPECT_LE(around.clock.time, began + std::chrono::milliseconds(1500)) << part;
    EXPECT_GT(silent.asked, 0) << part;
  };
  around.variables["AWS_METADATA_SERVICE_NUM_ATTEMPTS"] = "3";
  expect_in_time("the instance's metadata service did not answer in time");
  around.variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = "/role";
  expect_in_time("the container's credentials cannot be had");
  around.variables["AWS_WEB_IDENTITY_TOKEN_FILE"] = folder.path() + "/token";
  around.variables["AWS_ROLE_ARN"] = "arn:aws:iam::1:role/pod";
  folder.write("token", "HUSH");
  expect_in_time("the role arn:aws:iam::1:role/pod cannot be taken on");
  around.variables["AWS_REGION"] = "";
  expect_in_time("the instance's metadata service did not answer in time");
  around.variables["AWS_REGION"] = "eu-central-1";
  around.variables["AWS_ACCESS_KEY_ID"] = "AK";
  around.variables["AWS_SECRET_ACCESS_KEY"] = "HUSH";
  settings.role_arn = "arn:aws:iam::1:role/reader";
  expect_in_time("the role arn:aws:iam::1:role/reader cannot be taken on");
}

TEST_F(CredentialChainTest, NoCommandOutlastsTheDeadline) {
  config("[default]\ncredential_process = sleep 600\n");
  deadline = around.clock.time + std::chrono::milliseconds(50);
  const auto begin = std::chrono::steady_clock::now();
  const auto found = fetch();
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, ErrorKind::retry);
  EXPECT_NE(found.error().message.find("sleep did not end within 50 ms"), std::string::npos) << found.error().message;
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

TEST_F(CredentialChainTest, NamesAllThatWasLookedAt) {
  expect_fatal(
      "no AWS credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile (looked at: the "
      "environment; a web identity, AWS_WEB_IDENTITY_TOKEN_FILE; the profile default in " +
      folder.path() + "/.aws/config and " + folder.path() + "/.aws/credentials; the container");
}

TEST(InstanceCredentials, StayInUseWhereTheServiceFailsOrHandsOutOldOnes) {
  FakeSurroundings around;
  AwsContext context = *read_context({}, around.get());
  around.http.answer(token_put, 200, "t");
  around.http.answer(roles_get, 200, "worker");
  around.http.answer(role_get, 200, json_answer("AKINSTANCE"));
  InstanceCredentials instance;
  std::string reason;
  ASSERT_TRUE(*instance.fetch(context, reason));
  around.clock.time += std::chrono::hours(7);  // an hour too late
  const auto old = instance.fetch(context, reason);
  ASSERT_TRUE(old && *old);
  EXPECT_GE((*old)->expires.value(), around.clock.time + std::chrono::minutes(17));
  EXPECT_LE((*old)->expires.value(), around.clock.time + std::chrono::minutes(25));
  around.http.forget(token_put);
  around.http.answer(token_put, 500, "");
  around.clock.time += std::chrono::hours(1);
  const auto unanswered = instance.fetch(context, reason);
  ASSERT_TRUE(unanswered && *unanswered);
  EXPECT_EQ((*unanswered)->access_key_id, "AKINSTANCE");
  EXPECT_GE((*unanswered)->expires.value(), around.clock.time + std::chrono::minutes(17));
}

TEST(SplitWords, IsWhatAShellSees) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(split_words(R"( a  "b c"d 'e\ "f' g\ h "\"" '' )").value(),
            (Words{"a", "b cd", "e\\ \"f", "g h", "\"", ""}));
  EXPECT_FALSE(split_words("  "));
  EXPECT_FALSE(split_words("a 'b"));
  EXPECT_FALSE(split_words("a \\"));
}

TEST(RunCommand, EndsWhatDoesNotEndInTime) {
  const auto begin = std::chrono::steady_clock::now();
  const auto silent = run_command({"sleep", "600"}, std::chrono::milliseconds(50));
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, ErrorKind::retry);
  const auto closed =
      run_command({"sh", "-c", "trap '' TERM; exec >/dev/null; sleep 600"}, std::chrono::milliseconds(50));
  ASSERT_FALSE(closed);
  EXPECT_EQ(closed.error().kind, ErrorKind::retry);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
  const auto endless = run_command({"yes"}, std::chrono::seconds(60));
  ASSERT_FALSE(endless);
  EXPECT_EQ(endless.error().message, "yes prints too much");
}

}  // namespace

}  // namespace dynatlas
