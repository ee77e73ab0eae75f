// SPDX-License-Identifier: Apache-2.0
#include "pipeline/problem.h"

#include <fmt/format.h>

#include "base/printable.h"

namespace dynatlas {

namespace {

constexpr std::size_t path_shown_max = 512;

std::string shown(std::string_view path) {
  return path.size() <= path_shown_max ? printable(path) : printable(path.substr(0, path_shown_max)) + "..";
}

}  // namespace

std::string cause_of(const RecordFault& fault) {
  return fault.path.empty() ? fault.cause : fmt::format("attribute `{}` {}", shown(fault.path), fault.cause);
}

std::string describe(const RecordFault& fault) { return fault.path.empty() ? "it " + fault.cause : cause_of(fault); }

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
