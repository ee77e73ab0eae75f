// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/service.h"
#include "aws/service_reply.h"
#include "aws/surroundings.h"

namespace dynatlas {

// Calls one service of AWS. One thread at a time.
class ServiceClient {
 public:
  // Requests are not signed where `credentials` is null. It outlives the client.
  ServiceClient(Service service, Endpoint endpoint, CredentialProvider* credentials, const Surroundings& around);

  // Calls an operation with its input: a JSON object, or the parameters of the query protocol (`Name=value&..`).
  //
  // Throttling and failures that pass are tried again with growing pauses (jittered, 20 s at most) until `deadline`;
  // expired or unknown credentials are renewed once, and a clock that differs from AWS's is corrected once. What
  // remains is retry where the same call may work later, else fatal; both name the code. An answer whose x-amz-crc32
  // differs, or that is no JSON (XML) at all, counts as a failure that passes: not for the few operations that answer
  // with nothing, such as Kinesis's CreateStream.
  //
  // No message repeats our credentials, nor a text of `hidden`, as it is or percent-encoded, whatever is answered.
  ServiceResult call(std::string_view operation, const std::string& input, Clock::Time deadline,
                     const std::vector<std::string>& hidden = {});

  const Endpoint& endpoint() const { return endpoint_; }

 private:
  struct Remedies;

  HttpRequest request_of(std::string_view operation, const std::string& input, Clock::Time deadline) const;
  ServiceResult attempt(std::string_view operation, const std::string& input, Clock::Time deadline, Remedies& remedies);
  ServiceResult judge(std::string_view operation, HttpResponse response, Remedies& remedies);
  ServiceFailure refusal(std::string_view operation, HttpResponse response, const Remedies& remedies) const;
  std::string who(std::string_view operation) const;
  Result<bool> mend(const ServiceFailure& failure, FailureClass kind, Clock::Time deadline, Remedies& remedies);
  std::chrono::milliseconds pause(FailureClass kind, int attempts);

  const ServiceFacts& facts_;
  Endpoint endpoint_;
  CredentialProvider* credentials_;
  Surroundings around_;
  std::chrono::seconds skew_{0};  // what AWS's clock is ahead of ours, once it refused our time
  std::mt19937 random_;
};

}  // namespace dynatlas
