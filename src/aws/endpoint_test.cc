// SPDX-License-Identifier: Apache-2.0
//
// Where a service is and in which region. tests/end_to_end/aws_signature_test.py compares AWS's own names of all
// regions with botocore's.
#include "aws/endpoint.h"

#include <gtest/gtest.h>

#include "aws/http_date.h"
#include "aws/region.h"
#include "aws/signature.h"
#include "aws/url.h"
#include "support/scripted_http.h"
#include "support/temporary_folder.h"

namespace dynatlas {

namespace {

class EndpointTest : public testing::Test {
 protected:
  EndpointTest() { around.variables["HOME"] = folder.path(); }

  std::string find(Service service, const std::string& region = "eu-central-1") {
    const auto context = read_context(settings, around.get());
    const auto found = find_endpoint(*context, service, region);
    return found ? fmt::format("{} {}", found->url, found->region) : found.error().message;
  }
  Result<std::string> region() { return find_region(*read_context(settings, around.get())); }

  TemporaryFolder folder;
  FakeSurroundings around;
  AwsSettings settings;
};

TEST_F(EndpointTest, HasTheNamesOfAws) {
  EXPECT_EQ(find(Service::dynamodb_streams), "https://streams.dynamodb.eu-central-1.amazonaws.com eu-central-1");
  EXPECT_EQ(find(Service::kinesis, "cn-north-1"), "https://kinesis.cn-north-1.amazonaws.com.cn cn-north-1");
  EXPECT_EQ(find(Service::sts, "mars-north-1"), "https://sts.mars-north-1.amazonaws.com mars-north-1");
  EXPECT_EQ(find(Service::dynamodb, "local"), "http://localhost:8000 us-east-1");
  around.variables["AWS_USE_FIPS_ENDPOINT"] = "True";
  EXPECT_EQ(find(Service::kinesis), "https://kinesis-fips.eu-central-1.amazonaws.com eu-central-1");
  around.variables["AWS_USE_DUALSTACK_ENDPOINT"] = "true";
  EXPECT_EQ(find(Service::dynamodb_streams), "https://streams-dynamodb-fips.eu-central-1.api.aws eu-central-1");
  around.variables["AWS_ENDPOINT_URL"] = "http://localhost:4566";
  EXPECT_EQ(find(Service::kinesis),
            "AWS_ENDPOINT_URL names an endpoint, and AWS_USE_FIPS_ENDPOINT asks for another: leave one of them out");
}

TEST_F(EndpointTest, TakesTheNearestUrlThatIsGiven) {
  folder.write(".aws/config",
               "[default]\nservices = here\nendpoint_url = http://profile\nregion = eu-west-3\n"
               "[services here]\ndynamodb_streams =\n  endpoint_url = http://profile-streams\ns3 =\n  endpoint_url = "
               "http://s3\n");
  EXPECT_EQ(find(Service::kinesis), "http://profile eu-central-1");
  EXPECT_EQ(find(Service::dynamodb_streams), "http://profile-streams eu-central-1");
  around.variables["AWS_ENDPOINT_URL"] = "http://localhost:4566/";
  EXPECT_EQ(find(Service::dynamodb_streams), "http://localhost:4566 eu-central-1");
  around.variables["AWS_ENDPOINT_URL_DYNAMODB_STREAMS"] = "http://streams:1/base//";
  EXPECT_EQ(find(Service::dynamodb_streams), "http://streams:1/base eu-central-1");
  EXPECT_EQ(find(Service::secrets_manager), "http://localhost:4566 eu-central-1");
  settings.endpoint = "https://configured";
  EXPECT_EQ(find(Service::dynamodb_streams), "https://configured eu-central-1");
  settings.endpoints["streams"] = "https://configured-streams";
  EXPECT_EQ(find(Service::dynamodb_streams), "https://configured-streams eu-central-1");
  around.variables["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";  // of the environment and of profiles
  EXPECT_EQ(find(Service::dynamodb_streams), "https://configured-streams eu-central-1");
  settings = {};
  EXPECT_EQ(find(Service::kinesis), "https://kinesis.eu-central-1.amazonaws.com eu-central-1");
}

TEST_F(EndpointTest, RefusesWhatIsNoUrlWithoutShowingIt) {
  for (const char* wrong : {"localhost:4566", "ftp://localhost", "http://", "http://user:secret@localhost",
                            "http://a/?b=c", "http://a b"}) {
    around.variables["AWS_ENDPOINT_URL_SSM"] = wrong;
    EXPECT_EQ(find(Service::ssm),
              "AWS_ENDPOINT_URL_SSM is no URL of an endpoint: give http://HOST:PORT or https://HOST:PORT");
  }
}

TEST_F(EndpointTest, RegionComesFromTheNearestPlace) {
  const auto none = region();
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::fatal);
  EXPECT_NE(none.error().message.find("set aws.region or AWS_REGION"), std::string::npos) << none.error().message;
  around.http.answer("PUT http://169.254.169.254/latest/api/token", 200, "t");
  around.http.answer("GET http://169.254.169.254/latest/meta-data/placement/region", 200, "me-south-1\n");
  EXPECT_EQ(region().value(), "me-south-1");
  folder.write(".aws/config", "[default]\nregion = eu-west-3\n");
  EXPECT_EQ(region().value(), "eu-west-3");
  around.variables["AWS_DEFAULT_REGION"] = "eu-west-2";
  EXPECT_EQ(region().value(), "eu-west-2");
  around.variables["AWS_REGION"] = "eu-west-1";
  EXPECT_EQ(region().value(), "eu-west-1");
  settings.region = "us-east-1";
  EXPECT_EQ(region().value(), "us-east-1");
  for (const char* wrong : {"eu-west-1.example.com", "EU-WEST-1", "-a", "a/b", "a#"}) {
    settings.region = wrong;
    const auto refused = region();
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error().kind, ErrorKind::usage);
  }
}

TEST(RegionOfArn, IsItsFourthPart) {
  EXPECT_EQ(region_of_arn("arn:aws-cn:kinesis:cn-north-1:123456789012:stream/a"), "cn-north-1");
  EXPECT_EQ(region_of_arn("arn:aws:iam::123456789012:role/a"), "");
  EXPECT_EQ(region_of_arn("arn:aws:s3:a.b:c"), "");
  EXPECT_EQ(region_of_arn("arn:aws:s3"), "");
  EXPECT_EQ(region_of_arn("a:b:c:eu-west-1:d"), "");
}

TEST(PartitionOf, GoesByTheRegion) {
  EXPECT_EQ(partition_of("us-gov-west-1").name, "aws-us-gov");
  EXPECT_EQ(partition_of("us-isob-east-1").name, "aws-iso-b");
  EXPECT_EQ(partition_of("us-east-1").name, "aws");
}

TEST(HttpDate, IsReadToTheSecond) {
  EXPECT_EQ(parse_http_date("Tue, 14 Nov 2023 22:13:20 GMT"), Clock::Time(std::chrono::seconds(1'700'000'000)));
  for (const char* wrong :
       {"", "Tue, 14 Nov 2023 22:13:20 UTC", "Tue, 14 ovD 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:61 GMT",
        "Tuesday, 14-Nov-23 22:13:20 GMT", "2023-11-14T22:13:20Z"}) {
    EXPECT_FALSE(parse_http_date(wrong)) << wrong;
  }
}

std::string authorization(HttpRequest request, const Credentials& credentials, const SigningScope& scope, int seconds) {
  sign_request(request, credentials, scope, Clock::Time(std::chrono::seconds(seconds)));
  return *find_header(request.headers, "authorization");
}

// AWS General Reference, "Signature Version 4 signing process", the example of IAM's ListUsers.
TEST(SignRequest, IsThatOfTheGeneralReference) {
  HttpRequest request;
  request.url = "https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  EXPECT_EQ(authorization(request, {"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", {}, ""},
                          {"us-east-1", "iam"}, 1'440'938'160),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
}

// Amazon S3 API Reference, "Authenticating Requests: Using the Authorization Header", the example of GET Object.
TEST(SignRequest, IsThatOfTheReferenceOfS3) {
  HttpRequest request;
  request.url = "https://examplebucket.s3.amazonaws.com/test.txt";
  request.headers = {{"Range", "bytes=0-9"}};
  EXPECT_EQ(authorization(request, {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "", {}, ""},
                          {"us-east-1", "s3"}, 1'369'353'600),
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
            "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

TEST(SignRequest, ReplacesWhatAnEarlierSigningSet) {
  HttpRequest request;
  request.url = "https://kinesis.us-east-1.amazonaws.com/";
  request.method = "POST";
  HttpRequest once = request;
  const Clock::Time at(std::chrono::seconds(1'700'000'000));
  const SigningScope scope{"us-east-1", "kinesis"};
  sign_request(request, {"AK1", "s1", "t1", {}, ""}, scope, at - std::chrono::hours(1));
  sign_request(request, {"AK2", "s2", "", {}, ""}, scope, at);
  sign_request(once, {"AK2", "s2", "", {}, ""}, scope, at);
  EXPECT_EQ(find_header(request.headers, "x-amz-security-token"), nullptr);
  EXPECT_EQ(request.headers.size(), once.headers.size());
  EXPECT_EQ(*find_header(request.headers, "authorization"), *find_header(once.headers, "authorization"));
}

}  // namespace

}  // namespace dynatlas
