// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "aws/http.h"

namespace dynatlas {

// What the shared module dynatlas_http.so gives the program. libcurl and the thirty libraries below it cost 4 ms at
// each start, so they are in a module that is loaded when a server is first spoken to (http.cc).
struct HttpModule {
  const char* version;  // of dynatlas; program and module must be of one build
  Result<std::unique_ptr<HttpClient>> (*open)(const HttpOptions& options);
};

inline constexpr const char* http_module_entry = "dynatlas_http_module";
inline constexpr const char* http_module_file = "dynatlas_http.so";

}  // namespace dynatlas
