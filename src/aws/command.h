// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dynatlas {

// A command line as words, as a shell would see them: blanks part them, '..' and ".." hold them together, `\` takes the
// next character as it is. Nothing is expanded. None where a quote is not closed or there is no word.
std::optional<std::vector<std::string>> split_words(std::string_view line);

inline constexpr std::size_t command_bytes_max = 256 * 1024;

// Runs a program, found by PATH, without a shell, and returns what it printed. Its standard input is empty and its
// standard error is dropped, for either could carry secrets. Fatal where it cannot be started, ends with another status
// than 0, or prints more than command_bytes_max; retry where it does not end in time (it is killed then). Messages name
// the program alone.
Result<std::string> run_command(const std::vector<std::string>& words, std::chrono::milliseconds within);

}  // namespace dynatlas
