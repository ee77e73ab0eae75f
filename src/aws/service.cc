// SPDX-License-Identifier: Apache-2.0
#include "aws/service.h"

#include <array>
#include <cstddef>

namespace dynatlas {

namespace {

constexpr const char* json_1_0 = "application/x-amz-json-1.0";
constexpr const char* json_1_1 = "application/x-amz-json-1.1";
constexpr const char* form = "application/x-www-form-urlencoded; charset=utf-8";

// In the order of the enumeration.
constexpr std::array<ServiceFacts, 6> services = {{
    {"DynamoDB", "dynamodb", "dynamodb", "dynamodb", "dynamodb", "dynamodb", true, false, "DynamoDB_20120810.",
     json_1_0},
    {"DynamoDB Streams", "streams", "dynamodb_streams", "streams.dynamodb", "streams-dynamodb", "dynamodb", true, false,
     "DynamoDBStreams_20120810.", json_1_0},
    {"Kinesis", "kinesis", "kinesis", "kinesis", "kinesis", "kinesis", true, false, "Kinesis_20131202.", json_1_1},
    {"Secrets Manager", "secretsmanager", "secrets_manager", "secretsmanager", "secretsmanager", "secretsmanager",
     false, true, "secretsmanager.", json_1_1},
    {"SSM", "ssm", "ssm", "ssm", "ssm", "ssm", true, false, "AmazonSSM.", json_1_1},
    {"STS", "sts", "sts", "sts", "sts", "sts", true, false, nullptr, form},
}};

}  // namespace

const ServiceFacts& facts_of(Service service) { return services[static_cast<std::size_t>(service)]; }

}  // namespace dynatlas
