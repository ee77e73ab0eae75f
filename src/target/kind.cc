// SPDX-License-Identifier: Apache-2.0
#include "target/kind.h"

#include <fmt/format.h>

namespace dynatlas {

namespace {

std::string describe(const std::string& kind) {
  return kind == "timed" ? std::string("timed changes (Kinesis, incremental exports)")
                         : fmt::format("changes of the DynamoDB stream {}", kind.substr(1));
}

}  // namespace

Error two_kinds(const std::string& name, const std::string& taken, const std::string& given, std::string_view instead) {
  return fatal(
      fmt::format("{}: takes {} and was now given {}, whose order cannot be compared; give each its own collection, or "
                  "replay everything into a new {}",
                  name, describe(taken), describe(given), instead));
}

}  // namespace dynatlas
