// SPDX-License-Identifier: Apache-2.0
#include "aws/http.h"

#include "aws/http_module.h"
#include "base/module.h"

namespace dynatlas {

namespace {

Result<const HttpModule*> open_module() {
  ASSIGN_OR_RETURN(const void* const module,
                   load_module({http_module_file, http_module_entry, "which speaks HTTP with AWS"}));
  return static_cast<const HttpModule*>(module);
}

}  // namespace

Result<std::unique_ptr<HttpClient>> open_http(const HttpOptions& options) {
  static const Result<const HttpModule*> module = open_module();
  if (!module) return module.error();
  return (*module)->open(options);
}

}  // namespace dynatlas
