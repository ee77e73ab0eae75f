// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace dynatlas {

// The services of AWS that dynatlas calls.
enum class Service { dynamodb, dynamodb_streams, kinesis, secrets_manager, ssm, sts };

// How a service is found and spoken to. Source: the service models and endpoint rules of botocore.
struct ServiceFacts {
  const char* name;             // for people
  const char* setting;          // its key in `aws.endpoints`
  const char* id;               // in [services ..] of the config file; in capitals behind AWS_ENDPOINT_URL_
  const char* host;             // first part of its host's name, before "-fips"
  const char* dual_stack_host;  // the same of names with IPv6
  const char* signing_name;
  bool gov_is_fips;          // in GovCloud the name without "-fips" is the FIPS one
  bool plain_is_dual_stack;  // the name without IPv6's suffix has IPv6, too, where that suffix is "api.aws" or China's
  const char* target;        // X-Amz-Target before the operation; null: the query protocol, with XML answers
  const char* content_type;
};

const ServiceFacts& facts_of(Service service);

}  // namespace dynatlas
