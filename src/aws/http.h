// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dynatlas {

struct HttpHeader {
  std::string name;
  std::string value;
};

// The value of the first header of that name, whatever its case; null where there is none.
const std::string* find_header(const std::vector<HttpHeader>& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string url;  // http:// or https://, percent-encoded; sent as it is
  std::vector<HttpHeader> headers;
  std::string body;
  std::chrono::milliseconds connect_within{5000};
  std::chrono::milliseconds end_within{60000};  // the whole exchange
  bool direct = false;                          // passes by every proxy: addresses of this machine alone
  std::size_t body_bytes_max = 64 * 1024 * 1024;
};

struct HttpResponse {
  int status = 0;
  std::vector<HttpHeader> headers;
  std::string body;
};

// Does HTTP exchanges. Any thread may call it.
class HttpClient {
 public:
  virtual ~HttpClient() = default;

  // One exchange, without following redirects: whatever the server answers is a response. Retry where no whole answer
  // came in time. Fatal where none will: a URL or header that cannot be sent, a certificate that nobody here vouches
  // for, an answer larger than body_bytes_max. Messages name the host, never a URL's path, a header or a body.
  virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
};

struct HttpOptions {
  std::string ca_file;  // PEM certificates that vouch for servers; the system's where empty
};

// A client on libcurl that keeps its connections, and takes its proxy from http_proxy, HTTPS_PROXY, ALL_PROXY and
// NO_PROXY. Fatal where dynatlas_http.so cannot be loaded or `ca_file` cannot be read.
Result<std::unique_ptr<HttpClient>> open_http(const HttpOptions& options);

}  // namespace dynatlas
