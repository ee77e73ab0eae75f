// SPDX-License-Identifier: Apache-2.0
#include "aws/http.h"
#include "aws/url.h"

namespace dynatlas {

const std::string* find_header(const std::vector<HttpHeader>& headers, std::string_view name) {
  for (const HttpHeader& header : headers) {
    if (same_but_for_case(header.name, name)) return &header.value;
  }
  return nullptr;
}

}  // namespace dynatlas
