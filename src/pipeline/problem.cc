// SPDX-License-Identifier: Apache-2.0
#include "pipeline/problem.h"

#include <fmt/format.h>

#include "base/printable.h"

namespace dynatlas {

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
