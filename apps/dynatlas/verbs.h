// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/config.h"
#include "decode/record.h"

namespace dynatlas {

// Exit codes (docs/exit-codes.md).
inline constexpr int exit_done = 0;
inline constexpr int exit_look = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_stopped = 3;

// What a verb does once its options are read; returns the exit code.
using Run = std::function<Result<int>()>;

// Each adds its verb and its options, and sets `run` when it was given.
void add_convert(CLI::App& app, Run& run);
void add_replay(CLI::App& app, Run& run);
void add_dlq(CLI::App& app, Run& run);
void add_kcl(CLI::App& app, Run& run);

// An option whose values are words.
template <class Value>
void add_word_option(CLI::App& verb, const std::string& name, Value& value, const std::map<std::string, Value>& words,
                     const std::string& help) {
  std::vector<std::string> names;
  names.reserve(words.size());
  for (const auto& [word, unused] : words) names.push_back(word);
  verb.add_option_function<std::string>(
          name, [&value, words](const std::string& word) { value = words.at(word); }, help)
      ->type_name(CLI::detail::join(names, "|"))
      ->check([words, names](const std::string& word) {
        return words.count(word) != 0 ? std::string() : "`" + word + "` is none of " + CLI::detail::join(names, ", ");
      });
}

// Options that several verbs have.
void add_file_options(CLI::App& verb, ConfigOptions& options);    // -c, --set
void add_config_options(CLI::App& verb, ConfigOptions& options);  // the same and --key
void add_map_option(CLI::App& verb, ConfigOptions& options);
void add_form_option(CLI::App& verb, InputForm& form);

}  // namespace dynatlas
