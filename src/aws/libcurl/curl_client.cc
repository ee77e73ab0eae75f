// SPDX-License-Identifier: Apache-2.0
#include "aws/libcurl/curl_client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "aws/url.h"
#include "base/printable.h"

namespace dynatlas {

namespace {

struct ListFree {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using OwnedList = std::unique_ptr<curl_slist, ListFree>;

constexpr std::size_t header_bytes_max = 256 * 1024;
constexpr std::size_t idle_handles_max = 16;

// What arrives, as far as it may.
struct Arrival {
  HttpResponse response;
  std::size_t body_bytes_max = 0;
  std::size_t header_bytes = 0;
  bool too_large = false;
};

// libcurl takes any other number than `bytes` for a failure and ends the exchange.
std::size_t on_body(const char* data, std::size_t /*one*/, std::size_t bytes, void* context) {
  auto& arrival = *static_cast<Arrival*>(context);
  arrival.too_large = bytes > arrival.body_bytes_max - arrival.response.body.size();
  if (arrival.too_large) return 0;
  arrival.response.body.append(data, bytes);
  return bytes;
}

std::size_t on_header(const char* data, std::size_t /*one*/, std::size_t bytes, void* context) {
  auto& arrival = *static_cast<Arrival*>(context);
  const std::string_view line(data, bytes);
  arrival.header_bytes += bytes;
  arrival.too_large = arrival.header_bytes > header_bytes_max;
  if (arrival.too_large) return 0;
  if (line.starts_with("HTTP/")) arrival.response.headers.clear();  // those before were of "100 Continue"
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    arrival.response.headers.push_back(
        {std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
  }
  return bytes;
}

bool can_be_sent(const HttpHeader& header) {
  constexpr std::string_view ends("\r\n\0", 3);
  return !header.name.empty() && header.name.find_first_of(ends) == std::string::npos &&
         header.name.find(':') == std::string::npos && header.value.find_first_of(ends) == std::string::npos;
}

bool append(OwnedList& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (longer == nullptr) return false;
  (void)list.release();  // `longer` is the same list
  list.reset(longer);
  return true;
}

// Signed requests must be sent as they are: what libcurl would add by itself is taken out.
Result<OwnedList> header_list(const HttpRequest& request) {
  OwnedList list;
  bool whole = append(list, "Expect:");
  if (find_header(request.headers, "Content-Type") == nullptr) whole = append(list, "Content-Type:") && whole;
  for (const HttpHeader& header : request.headers) {
    if (!can_be_sent(header))
      return fatal("a header of an HTTP request has a line end or no name: report this as a mistake");
    // An empty value is written with `;`: by `:` libcurl takes the header out.
    whole = append(list, header.value.empty() ? header.name + ";" : fmt::format("{}: {}", header.name, header.value)) &&
            whole;
  }
  if (!whole) return fatal("out of memory");
  return list;
}

class Exchange {
 public:
  Exchange(CURL* handle, const HttpRequest& request) : handle_(handle), request_(request) {
    arrival_.body_bytes_max = request.body_bytes_max;
  }

  Result<HttpResponse> run(const std::string& ca_file) {
    const auto parts = split_url(request_.url);
    if (!parts)
      return fatal("a URL of a request cannot be used: give http://HOST or https://HOST, without user or password");
    ASSIGN_OR_RETURN(const OwnedList headers, header_list(request_));
    curl_easy_reset(handle_);  // keeps connections and names
    set_request(headers.get());
    set_limits();
    set_trust(ca_file);
    const CURLcode code = curl_easy_perform(handle_);
    if (code != CURLE_OK) return failure(code, parts->authority);
    long status = 0;
    curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
    arrival_.response.status = static_cast<int>(status);
    return std::move(arrival_.response);
  }

 private:
  template <class T>
  void set(CURLoption option, T value) {
    curl_easy_setopt(handle_, option, value);
  }

  void set_request(curl_slist* headers) {
    set(CURLOPT_URL, request_.url.c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_HTTPHEADER, headers);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    // HTTP/2 gains nothing here, where a connection has one exchange at a time.
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    if (request_.direct) set(CURLOPT_PROXY, "");
    if (!request_.body.empty() || request_.method == "POST" || request_.method == "PUT") {
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
      set(CURLOPT_POSTFIELDS, request_.body.data());
    }
    if (request_.method == "HEAD") set(CURLOPT_NOBODY, 1L);
    set(CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    set(CURLOPT_WRITEFUNCTION, on_body);
    set(CURLOPT_WRITEDATA, &arrival_);
    set(CURLOPT_HEADERFUNCTION, on_header);
    set(CURLOPT_HEADERDATA, &arrival_);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(CURLOPT_ERRORBUFFER, reason_.data());
  }

  void set_limits() {
    // To libcurl 0 is no limit.
    const auto whole = std::max<long>(1, static_cast<long>(request_.end_within.count()));
    const auto connect = std::max<long>(1, static_cast<long>(request_.connect_within.count()));
    set(CURLOPT_NOSIGNAL, 1L);
    // Otherwise libcurl, at the end of its time, waits for the thread that looks a name up: as long as the resolver
    // likes.
    set(CURLOPT_QUICK_EXIT, 1L);
    set(CURLOPT_TIMEOUT_MS, whole);
    set(CURLOPT_CONNECTTIMEOUT_MS, std::min(whole, connect));
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    // Load balancers of AWS close idle connections after some minute.
    set(CURLOPT_MAXAGE_CONN, 50L);
  }

  void set_trust(const std::string& ca_file) {
    if (ca_file.empty()) return;
    set(CURLOPT_CAINFO, ca_file.c_str());
    set(CURLOPT_CAPATH, nullptr);  // the file alone
  }

  Error failure(CURLcode code, std::string_view authority) const {
    const std::string host = printable(authority);
    const std::string reason = printable(reason_[0] != '\0' ? reason_.data() : curl_easy_strerror(code));
    if (arrival_.too_large) {
      return fatal(fmt::format("{} answered with more than {} bytes, or more than {} of headers: that is not AWS", host,
                               arrival_.body_bytes_max, header_bytes_max));
    }
    switch (code) {
      case CURLE_PEER_FAILED_VERIFICATION:
      case CURLE_SSL_ISSUER_ERROR:
        return fatal(
            fmt::format("{} has a certificate that is not trusted here: {}. Name the file of certificates that "
                        "vouch for it in AWS_CA_BUNDLE",
                        host, reason));
      case CURLE_SSL_CACERT_BADFILE:
        return fatal(fmt::format(
            "the certificates that vouch for {} cannot be read: {}. Name their file in AWS_CA_BUNDLE", host, reason));
      case CURLE_UNSUPPORTED_PROTOCOL:
      case CURLE_URL_MALFORMAT:
      case CURLE_NOT_BUILT_IN:
        return fatal(fmt::format("{} cannot be spoken to: {}", host, reason));
      default:
        return retry(fmt::format("{} did not answer: {}", host, reason));
    }
  }

  CURL* handle_;
  const HttpRequest& request_;
  Arrival arrival_;
  std::array<char, CURL_ERROR_SIZE> reason_{};
};

bool readable(const char* path) { return path != nullptr && access(path, R_OK) == 0; }

// Where this libcurl was built they have one place, where it runs they may have another: Debian, Amazon Linux, Alpine.
std::string system_certificates() {
  const char* built_in = curl_version_info(CURLVERSION_NOW)->cainfo;
  if (readable(built_in)) return {};  // libcurl takes them by itself
  // OpenSSL's own variable: the package for Lambda has what it carries there.
  const char* named = std::getenv("SSL_CERT_FILE");  // NOLINT(concurrency-mt-unsafe): nothing sets it
  for (const char* place :
       {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", named}) {
    if (readable(place)) return place;
  }
  return {};  // the error comes with the first https URL
}

}  // namespace

OwnedCurl CurlClient::take() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return OwnedCurl(curl_easy_init());
  OwnedCurl handle = std::move(idle_.back());
  idle_.pop_back();
  return handle;
}

void CurlClient::give_back(OwnedCurl handle) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < idle_handles_max) idle_.push_back(std::move(handle));
}

Result<HttpResponse> CurlClient::send(const HttpRequest& request) {
  OwnedCurl handle = take();
  if (!handle) return fatal("out of memory");
  auto response = Exchange(handle.get(), request).run(ca_file_);
  give_back(std::move(handle));
  return response;
}

Result<std::unique_ptr<HttpClient>> open_curl_client(const HttpOptions& options) {
  static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);  // a static is made by one thread
  if (started != CURLE_OK) return fatal(fmt::format("libcurl does not start: {}", curl_easy_strerror(started)));
  if (!options.ca_file.empty() && !readable(options.ca_file.c_str())) {
    return fatal(fmt::format("the file of certificates {} cannot be read: correct AWS_CA_BUNDLE or the configuration",
                             printable(options.ca_file)));
  }
  return std::make_unique<CurlClient>(options.ca_file.empty() ? system_certificates() : options.ca_file);
}

}  // namespace dynatlas
