// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <curl/curl.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "aws/http.h"

namespace dynatlas {

struct CurlCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
using OwnedCurl = std::unique_ptr<CURL, CurlCleanup>;

// HttpClient on libcurl. A handle has one exchange at a time and keeps its connections for the next one.
class CurlClient : public HttpClient {
 public:
  explicit CurlClient(std::string ca_file) : ca_file_(std::move(ca_file)) {}

  Result<HttpResponse> send(const HttpRequest& request) override;

 private:
  OwnedCurl take();
  void give_back(OwnedCurl handle);

  std::string ca_file_;
  std::mutex mutex_;
  std::vector<OwnedCurl> idle_;  // guarded by mutex_
};

Result<std::unique_ptr<HttpClient>> open_curl_client(const HttpOptions& options);

}  // namespace dynatlas
