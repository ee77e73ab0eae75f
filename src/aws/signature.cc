// SPDX-License-Identifier: Apache-2.0
#include "aws/signature.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <string_view>
#include <vector>

#include "aws/url.h"
#include "base/digest.h"

namespace dynatlas {

namespace {

// What proxies and libraries change on the way, as botocore and the other SDKs leave it out.
constexpr std::array<std::string_view, 15> unsigned_headers = {"authorization",
                                                               "baggage",
                                                               "connection",
                                                               "expect",
                                                               "keep-alive",
                                                               "proxy-authenticate",
                                                               "proxy-authorization",
                                                               "te",
                                                               "traceparent",
                                                               "tracestate",
                                                               "trailer",
                                                               "transfer-encoding",
                                                               "upgrade",
                                                               "user-agent",
                                                               "x-amzn-trace-id"};

std::string hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
       text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return out;
}

// `20150830T123600Z`
std::string amz_date(Clock::Time at) {
  return fmt::format("{:%Y%m%dT%H%M%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(
                                              std::chrono::time_point_cast<std::chrono::system_clock::duration>(at))));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

// Without empty segments, `.` and `..`, as RFC 3986 section 5.2.4 removes them; a `/` at the end stays.
std::string normalized(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view segment : split(path, '/')) {
    if (segment == "..") {
      if (!kept.empty()) kept.pop_back();
    } else if (!segment.empty() && segment != ".") {
      kept.push_back(segment);
    }
  }
  std::string out;
  for (const std::string_view segment : kept) out.append("/").append(segment);
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

std::string canonical_path(std::string_view path, bool s3) {
  if (s3) return path.empty() ? "/" : std::string(path);
  return percent_encode_path(normalized(path));
}

std::string canonical_query(std::string_view query) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const std::string_view part : split(query, '&')) {
    const std::size_t equals = std::min(part.find('='), part.size());
    if (!part.empty()) pairs.emplace_back(part.substr(0, equals), part.substr(std::min(equals + 1, part.size())));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) out += fmt::format("{}{}={}", out.empty() ? "" : "&", name, value);
  return out;
}

// Without blanks around it, and one where several follow each other.
std::string folded(std::string_view value) {
  std::string out;
  for (const char c : trimmed(value)) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank) out += c;
    if (blank && !out.ends_with(' ')) out += ' ';
  }
  return out;
}

// Names in lower case with their values, of the same name joined in the order given.
std::map<std::string, std::string> signed_headers(const HttpRequest& request) {
  std::map<std::string, std::string> headers;
  for (const HttpHeader& header : request.headers) {
    const std::string name = lower_case(trimmed(header.name));
    if (std::find(unsigned_headers.begin(), unsigned_headers.end(), name) != unsigned_headers.end()) continue;
    const auto [place, is_new] = headers.try_emplace(name, folded(header.value));
    if (!is_new) place->second += "," + folded(header.value);
  }
  return headers;
}

void set_header(HttpRequest& request, std::string name, std::string value) {
  std::erase_if(request.headers, [&](const HttpHeader& header) { return same_but_for_case(header.name, name); });
  request.headers.push_back({std::move(name), std::move(value)});
}

// As clients send it: without the scheme's own port.
std::string host_header(const UrlParts& url) {
  std::string host = lower_case(url.authority);
  const std::string_view own_port = url.scheme == "https" ? ":443" : ":80";
  if (host.ends_with(own_port)) host.resize(host.size() - own_port.size());
  return host;
}

std::string names_of(const std::map<std::string, std::string>& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names.append(names.empty() ? "" : ";").append(name);
  return names;
}

std::string canonical_request(const HttpRequest& request, const UrlParts& url, bool s3) {
  const auto headers = signed_headers(request);
  std::string out =
      fmt::format("{}\n{}\n{}\n", request.method, canonical_path(url.path, s3), canonical_query(url.query));
  for (const auto& [name, value] : headers) out += fmt::format("{}:{}\n", name, value);
  const std::string* hash = find_header(request.headers, "x-amz-content-sha256");
  return out + fmt::format("\n{}\n{}", names_of(headers), hash != nullptr ? *hash : sha256_hex(request.body));
}

}  // namespace

void sign_request(HttpRequest& request, const Credentials& credentials, const SigningScope& scope, Clock::Time at) {
  const UrlParts url =
      split_url(request.url).value_or(UrlParts{});  // one that cannot be sent is refused by who sends it
  const bool s3 = scope.service == "s3";
  const std::string date = amz_date(at);
  std::erase_if(request.headers, [](const HttpHeader& header) {
    return same_but_for_case(header.name, "authorization") || same_but_for_case(header.name, "x-amz-security-token");
  });
  if (find_header(request.headers, "host") == nullptr) set_header(request, "Host", host_header(url));
  set_header(request, "X-Amz-Date", date);
  if (!credentials.session_token.empty()) set_header(request, "X-Amz-Security-Token", credentials.session_token);
  if (s3) set_header(request, "X-Amz-Content-SHA256", sha256_hex(request.body));

  const std::string day = date.substr(0, 8);
  const std::string whole_scope = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, whole_scope, sha256_hex(canonical_request(request, url, s3)));
  std::string key = hmac("AWS4" + credentials.secret_access_key, day);
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")}) {
    key = hmac(key, part);
  }
  set_header(request, "Authorization",
             fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}", credentials.access_key_id,
                         whole_scope, names_of(signed_headers(request)), hex(hmac(key, to_sign))));
}

}  // namespace dynatlas
