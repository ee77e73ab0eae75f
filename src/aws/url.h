// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dynatlas {

// The parts of an http or https URL, as they are written there. They lie in its text.
struct UrlParts {
  std::string_view scheme;     // http or https
  std::string_view authority;  // host, and port where it is given
  std::string_view host;       // without the brackets of an IPv6 address
  std::string_view path;       // from its `/` on; may be empty
  std::string_view query;      // without its `?`
};

// None where it is no such URL, or has a user or a fragment, which no URL of AWS has.
std::optional<UrlParts> split_url(std::string_view url);

// Everything but A-Z a-z 0-9 - _ . ~ as %XX, as AWS wants it signed: names and values of a query, segments of a path.
std::string percent_encode(std::string_view text);

// The same, but `/` stays: a path.
std::string percent_encode_path(std::string_view path);

std::string lower_case(std::string_view text);                          // ASCII
bool same_but_for_case(std::string_view left, std::string_view right);  // ASCII

// `text` without blanks, tabs and line ends around it.
std::string_view trimmed(std::string_view text);

}  // namespace dynatlas
