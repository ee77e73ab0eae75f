// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "aws/credentials.h"
#include "aws/http.h"
#include "base/clock.h"

namespace dynatlas {

// What a signature holds for.
struct SigningScope {
  std::string region;
  std::string service;  // its signing name, such as "kinesis"
};

// Signs the request with AWS Signature Version 4: sets Host, X-Amz-Date, X-Amz-Security-Token where there is one, and
// Authorization; for "s3" also X-Amz-Content-SHA256. What an earlier signing set is replaced, so that a retry can be
// signed again. All headers are signed but those that proxies change.
//
// The URL must be percent-encoded as percent_encode() does it; its query may be in any order. For S3 the path is signed
// as it is, for all others encoded once more, without `.`, `..` and empty segments.
// Source: AWS General Reference, "Create a signed AWS API request".
void sign_request(HttpRequest& request, const Credentials& credentials, const SigningScope& scope, Clock::Time at);

}  // namespace dynatlas
