// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "aws/credential_sources.h"
#include "aws/instance_metadata.h"

namespace dynatlas {

// Finds credentials: the first source that is set up, in the order of docs/aws.md.
class CredentialChain {
 public:
  CredentialChain(AwsSettings settings, const Surroundings& around) : settings_(std::move(settings)), around_(around) {}

  // Looks anew, in files too. Fatal where no source is set up, with what was looked at; where one is set up and does
  // not work, its error: another's credentials would be somebody else's. Comes back by `deadline`: retry where a source
  // did not answer until then.
  Result<Credentials> fetch(Clock::Time deadline);

 private:
  Result<Credentials> first_found(const AwsContext& context);

  AwsSettings settings_;
  Surroundings around_;
  InstanceCredentials instance_;
};

}  // namespace dynatlas
