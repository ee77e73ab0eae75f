// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

namespace dynatlas {

// What the configuration says of AWS (`aws:`); what is empty is asked of the environment, of profiles and of the
// machine.
struct AwsSettings {
  std::string region;
  std::string profile;                           // passes by credentials in the environment
  std::string role_arn;                          // assumed with the credentials that are found
  std::string external_id;                       // for `role_arn`
  std::string endpoint;                          // one for all services
  std::map<std::string, std::string> endpoints;  // by ServiceFacts::setting; go before `endpoint`
};

}  // namespace dynatlas
