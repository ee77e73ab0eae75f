// SPDX-License-Identifier: Apache-2.0
#include "pipeline/problem.h"

#include <fmt/format.h>

namespace dynatlas {

namespace {

// A name is the sender's choice: it must neither break the line nor steer a terminal.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string describe(const RecordFault& fault) {
  const std::string path = fault.path.empty() ? "it" : fmt::format("attribute `{}`", printable(fault.path));
  return path + " " + fault.cause;
}

std::string describe(const Problem& problem, const std::string& file_name, const BlockBase& base) {
  const std::uint64_t line = base.lines + problem.line + 1;
  if (problem.fault.cause.empty()) {
    const std::uint64_t last = base.lines + problem.last_line + 1;
    return line == last ? fmt::format("{}: line {} was passed over", printable(file_name), line)
                        : fmt::format("{}: lines {} to {} were passed over", printable(file_name), line, last);
  }
  return fmt::format("{}: record {}, line {}: {}", printable(file_name), base.records + problem.record, line,
                     describe(problem.fault));
}

}  // namespace dynatlas
