// SPDX-License-Identifier: Apache-2.0
//
// Calls of services: what is tried again, what is mended, and what a failure says.
#include "aws/service_call.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <numeric>

#include "aws/secrets_manager.h"
#include "aws/session.h"
#include "aws/ssm.h"
#include "aws/url.h"
#include "support/scripted_http.h"

namespace dynatlas {

namespace {

using std::chrono::seconds;

constexpr const char* post = "POST https://dynamodb.eu-central-1.amazonaws.com/";

std::string error_body(const std::string& code, const std::string& message = "no") {
  return fmt::format(R"({{"__type":"com.amazonaws.dynamodb.v20120810#{}","message":"{}"}})", code, message);
}

// Credentials, of which the next one is there when the first was refused.
class TwoCredentials : public CredentialProvider {
 public:
  Result<Credentials> current(Clock::Time deadline) override {
    asked_by = deadline;
    return all.front();
  }
  Result<Credentials> renewed(const Credentials& refused, Clock::Time deadline) override {
    renewed_by = deadline;
    ++renewals;
    if (all.size() > 1 && all.front().same_keys(refused)) all.erase(all.begin());
    return all.front();
  }
  std::vector<Credentials> all{{"AK1", "HUSH-1", "HUSH-t1", {}, "one"}, {"AK2", "HUSH-2", "HUSH-t2", {}, "two"}};
  int renewals = 0;
  Clock::Time asked_by{};
  Clock::Time renewed_by{};
};

class ServiceCallTest : public testing::Test {
 protected:
  ServiceResult call(seconds within = seconds(60)) {
    return client.call("DescribeTable", R"({"TableName":"t"})", around.clock.now() + within);
  }
  void answers(int status, const std::string& body, std::vector<HttpHeader> headers = {}) {
    around.http.answer(post, status, body, std::move(headers));
  }
  std::string header(std::size_t request, std::string_view name) {
    const std::string* value = find_header(around.http.seen.at(request).headers, name);
    return value == nullptr ? "" : *value;
  }
  std::size_t tries() const { return around.http.seen.size(); }

  FakeSurroundings around;
  TwoCredentials credentials;
  ServiceClient client{
      Service::dynamodb, {"https://dynamodb.eu-central-1.amazonaws.com", "eu-central-1"}, &credentials, around.get()};
};

TEST_F(ServiceCallTest, SendsASignedCallAndReturnsTheAnswer) {
  answers(200, R"({"a":1})", {{"x-amzn-RequestId", "R1"}, {"Date", "Tue, 14 Nov 2023 22:13:21 GMT"}});
  const auto reply = call();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, R"({"a":1})");
  EXPECT_EQ(reply->request_id, "R1");
  EXPECT_EQ(reply->date, around.clock.time + seconds(1));
  EXPECT_EQ(around.http.seen.at(0).body, R"({"TableName":"t"})");
  EXPECT_EQ(header(0, "x-amz-target"), "DynamoDB_20120810.DescribeTable");
  EXPECT_EQ(header(0, "content-type"), "application/x-amz-json-1.0");
  EXPECT_EQ(header(0, "x-amz-date"), "20231114T221320Z");
  EXPECT_TRUE(header(0, "authorization")
                  .starts_with("AWS4-HMAC-SHA256 Credential=AK1/20231114/eu-central-1/dynamodb/aws4_request, "
                               "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "));
  EXPECT_EQ(around.http.seen.at(0).end_within, seconds(60));
}

TEST_F(ServiceCallTest, TriesWhatMayPassAgain) {
  around.http.fail(post, retry("the network is down"));
  answers(500, "");
  answers(503, "<html>\n");
  answers(400, error_body("ProvisionedThroughputExceededException"));
  answers(429, "{}");
  answers(400, error_body("InternalServerError:http://internal.amazon.com/"));
  answers(200, "");
  answers(200, "It works!");
  answers(200, R"({"cut":)");
  answers(200, R"({"a":1})", {{"X-Amz-Crc32", "1"}});
  answers(200, R"({"a":1})",
          {{"x-amz-crc32", std::to_string(crc32(0, reinterpret_cast<const Bytef*>(R"({"a":1})"), 7))}});
  const auto reply = call();
  ASSERT_TRUE(reply) << reply.error().message;
  EXPECT_EQ(reply->body, R"({"a":1})");
  EXPECT_EQ(tries(), 11U);
  EXPECT_EQ(around.clock.slept.size(), 10U);
  EXPECT_EQ(credentials.renewals, 0);
}

TEST_F(ServiceCallTest, StopsAtTheDeadlineAndPausesLongerEachTime) {
  answers(400, error_body("ThrottlingException", "slow down"));
  const Clock::Time begin = around.clock.time;
  const auto refused = call(seconds(300));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::retry);
  EXPECT_EQ(refused.error().code, "ThrottlingException");
  EXPECT_EQ(refused.error().status, 400);
  EXPECT_EQ(refused.error().message, "DynamoDB DescribeTable: ThrottlingException: slow down");
  EXPECT_LT(around.clock.time, begin + seconds(300));
  EXPECT_GT(around.clock.time, begin + seconds(240));
  const auto& slept = around.clock.slept;
  EXPECT_LE(slept.at(0), std::chrono::milliseconds(500));
  EXPECT_LE(*std::max_element(slept.begin(), slept.end()), seconds(20));
  EXPECT_GT(*std::max_element(slept.begin(), slept.end()), seconds(5));
  EXPECT_LT(around.http.seen.back().end_within, seconds(60));  // what was left
}

TEST_F(ServiceCallTest, LeavesTheRestToTheCaller) {
  answers(400, error_body("ExpiredIteratorException"), {{"x-amzn-RequestId", "R9"}});
  answers(400, error_body("ResourceInUseException"));
  answers(403, R"({"__type":"AccessDeniedException","Message":"not\nyou"})");
  answers(418, "a teapot\nin lines");
  around.http.fail(post, fatal("no such certificate"));
  const auto expired = call();
  EXPECT_EQ(expired.error().code, "ExpiredIteratorException");
  EXPECT_EQ(expired.error().kind, ErrorKind::fatal);
  EXPECT_EQ(expired.error().message, "DynamoDB DescribeTable: ExpiredIteratorException: no (request R9)");
  EXPECT_EQ(call().error().kind, ErrorKind::retry);
  EXPECT_EQ(call().error().message, R"(DynamoDB DescribeTable: AccessDeniedException: not\u000ayou)");
  EXPECT_EQ(call().error().message, "DynamoDB DescribeTable: HTTP status 418: a teapot");
  EXPECT_EQ(call().error().message, "DynamoDB DescribeTable: no such certificate");
  EXPECT_EQ(tries(), 5U);
}

TEST_F(ServiceCallTest, RenewsExpiredCredentialsOnce) {
  answers(400, error_body("ExpiredTokenException"));
  answers(200, "{}");
  ASSERT_TRUE(call());
  EXPECT_NE(header(1, "authorization").find("AK2"), std::string::npos);
  EXPECT_EQ(header(1, "x-amz-security-token"), "HUSH-t2");
  EXPECT_TRUE(around.clock.slept.empty());
  EXPECT_EQ(credentials.asked_by, around.clock.time + seconds(60));
  EXPECT_EQ(credentials.renewed_by, around.clock.time + seconds(60));
  around.http.forget(post);
  answers(400, error_body("UnrecognizedClientException", "The security token included in the request is invalid."));
  const auto refused = call();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::fatal);
  EXPECT_EQ(tries(), 3U);  // there were no others
  EXPECT_TRUE(refused.error().message.ends_with("AWS does not take the credentials of two: renew or correct them"))
      << refused.error().message;
}

TEST_F(ServiceCallTest, CorrectsTheClockOnce) {
  const HttpHeader date{"Date", "Tue, 14 Nov 2023 22:43:20 GMT"};  // half an hour later
  answers(403, error_body("InvalidSignatureException", "Signature expired: 1 is now earlier than 2"), {date});
  answers(200, "{}", {date});
  answers(200, "{}", {date});
  ASSERT_TRUE(call());
  EXPECT_EQ(header(1, "x-amz-date"), "20231114T224320Z");
  EXPECT_EQ(credentials.renewals, 0);
  ASSERT_TRUE(call());
  EXPECT_EQ(header(2, "x-amz-date"), "20231114T224320Z");  // from then on
  around.http.forget(post);
  answers(403, error_body("InvalidSignatureException"), {date});  // now it is the key
  EXPECT_EQ(call().error().kind, ErrorKind::fatal);
  EXPECT_EQ(credentials.renewals, 1);
  EXPECT_EQ(tries(), 5U);
}

TEST_F(ServiceCallTest, DoesNotFollowAClockThatJumps) {
  for (const char* time : {"22:43:20", "23:13:20", "22:23:20", "22:53:20"}) {
    answers(403, error_body("RequestExpired"), {{"Date", fmt::format("Tue, 14 Nov 2023 {} GMT", time)}});
  }
  EXPECT_EQ(call().error().kind, ErrorKind::fatal);
  EXPECT_EQ(tries(), 3U);  // the clock once, the credentials once
}

TEST_F(ServiceCallTest, FailsWithWhatTheCredentialsFailWith) {
  ServiceClient other(Service::dynamodb, client.endpoint(), nullptr, around.get());
  CachedCredentials none({}, around.get());
  ServiceClient lonely(Service::dynamodb, client.endpoint(), &none, around.get());
  const auto refused = lonely.call("DescribeTable", "{}", around.clock.now() + seconds(60));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::fatal);
  EXPECT_NE(refused.error().message.find("no AWS credentials were found"), std::string::npos);
  answers(400, error_body("ExpiredTokenException"));
  EXPECT_EQ(other.call("DescribeTable", "{}", around.clock.now() + seconds(60)).error().code, "ExpiredTokenException");
}

TEST_F(ServiceCallTest, ShowsNoSecretWhateverTheServiceRepeats) {
  credentials.all.pop_back();
  const std::string quoted =
      "The request signature we calculated does not match. The Canonical String for this request should have been "
      "'POST / x-amz-security-token:HUSH-other'";
  for (const std::string code : {"InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature"}) {
    answers(403, error_body(code, quoted));
  }
  answers(400, error_body("ValidationException", std::string(490, 'x') + "HUSH-1 and HUSH-t1"));
  answers(400, "HUSH-1, HUSH-t1");
  for (int i = 0; i < 5; ++i) {
    const auto refused = call();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message.find("HUSH"), std::string::npos) << refused.error().message;
  }
}

class SecretsTest : public testing::Test {
 protected:
  SecretsTest() {
    around.variables = {{"AWS_ACCESS_KEY_ID", "AK"}, {"AWS_SECRET_ACCESS_KEY", "HUSH"}, {"AWS_REGION", "eu-central-1"}};
    session = *AwsSession::open({}, around.get());
  }
  Result<std::string> secret(const std::string& id) {
    auto client = session->client(Service::secrets_manager, id);
    return get_secret(*client, id, around.clock.now() + seconds(10));
  }
  Result<std::string> parameter(const std::string& name) {
    auto client = session->client(Service::ssm, name);
    return get_parameter(*client, name, around.clock.now() + seconds(10));
  }

  FakeSurroundings around;
  std::unique_ptr<AwsSession> session;
  const std::string manager = "POST https://secretsmanager.eu-central-1.amazonaws.com/";
  const std::string ssm = "POST https://ssm.eu-central-1.amazonaws.com/";
};

TEST_F(SecretsTest, AreReadAsTextOrBytes) {
  around.http.answer(manager, 200, R"({"ARN":"a","Name":"n","SecretString":"{\"uri\":\"mongodb://x\"}"})");
  around.http.answer(manager, 200, R"({"SecretBinary":"bW9uZ29kYjovL3k=","SecretString":null})");
  around.http.answer(manager, 200, R"({"Name":"n"})");
  EXPECT_EQ(secret(R"(shop/"uri")").value(), R"({"uri":"mongodb://x"})");
  EXPECT_EQ(around.http.seen.at(0).body, R"({"SecretId":"shop/\"uri\""})");
  EXPECT_EQ(*find_header(around.http.seen.at(0).headers, "X-Amz-Target"), "secretsmanager.GetSecretValue");
  EXPECT_EQ(*find_header(around.http.seen.at(0).headers, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(secret("n").value(), "mongodb://y");
  EXPECT_EQ(secret("n").error().message, "the secret n cannot be read: Secrets Manager answered without it");
}

TEST_F(SecretsTest, AreAskedForInTheRegionOfTheirArn) {
  around.http.answer(
      "POST https://secretsmanager.cn-north-1.amazonaws.com.cn/", 400,
      R"({"__type":"ResourceNotFoundException","Message":"Secrets Manager can't find the specified secret."})");
  const auto refused = secret("arn:aws-cn:secretsmanager:cn-north-1:1:secret:uri-a");
  EXPECT_EQ(refused.error().kind, ErrorKind::fatal);
  EXPECT_EQ(
      refused.error().message,
      "the secret arn:aws-cn:secretsmanager:cn-north-1:1:secret:uri-a cannot be read: Secrets Manager GetSecretValue: "
      "ResourceNotFoundException: Secrets Manager can't find the specified secret.");
}

TEST_F(SecretsTest, HaveTheirTextInAMemberOrAreIt) {
  EXPECT_EQ(text_of_secret("mongodb://x\n", {"uri"}).value(), "mongodb://x");
  EXPECT_EQ(text_of_secret(R"({"b":"2","a":"1","uri":5})", {"uri", "a", "b"}).value(), "1");
  EXPECT_EQ(text_of_secret(R"({"password":"HUSH"})", {"uri", "MONGODB_URI"}).error().message,
            "the secret is a JSON object without a text under one of these names: uri, MONGODB_URI");
}

TEST_F(SecretsTest, ParametersAreDecrypted) {
  around.http.answer(ssm, 200, R"({"Parameter":{"Name":"/shop/uri","Type":"SecureString","Value":"mongodb://z\n"}})");
  around.http.answer(ssm, 200, R"({"Parameter":{"Name":"/shop/uri"}})");
  around.http.answer(ssm, 400, R"({"__type":"ParameterNotFound"})");
  EXPECT_EQ(parameter("/shop/uri").value(), "mongodb://z");
  EXPECT_EQ(around.http.seen.at(0).body, R"({"Name":"/shop/uri","WithDecryption":true})");
  EXPECT_EQ(*find_header(around.http.seen.at(0).headers, "X-Amz-Target"), "AmazonSSM.GetParameter");
  EXPECT_EQ(parameter("/shop/uri").error().kind, ErrorKind::retry);
  EXPECT_EQ(parameter("/shop/uri").error().message,
            "the parameter /shop/uri cannot be read: SSM GetParameter: ParameterNotFound");
}

TEST(HttpOptions, TakeTheCertificatesThatAreNamed) {
  FakeSurroundings around;
  EXPECT_EQ(http_options("", around.get().environment).ca_file, "");
  around.variables["AWS_CA_BUNDLE"] = "/bundle.pem";
  EXPECT_EQ(http_options("", around.get().environment).ca_file, "/bundle.pem");
  EXPECT_EQ(http_options("/given.pem", around.get().environment).ca_file, "/given.pem");
}

}  // namespace

}  // namespace dynatlas
