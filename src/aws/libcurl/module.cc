// SPDX-License-Identifier: Apache-2.0
#include "aws/http_module.h"
#include "aws/libcurl/curl_client.h"

extern "C" __attribute__((visibility("default"))) const void* dynatlas_http_module();

const void* dynatlas_http_module() {
  static constexpr dynatlas::HttpModule module{DYNATLAS_VERSION, dynatlas::open_curl_client};
  return &module;
}
