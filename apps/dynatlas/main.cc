// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <map>
#include <new>

#include "base/printable.h"
#include "verbs.h"

namespace dynatlas {

void add_file_options(CLI::App& verb, ConfigOptions& options) {
  verb.add_option("-c,--config", options.file, "Configuration file (YAML)")->type_name("FILE");
  verb.add_option("--set", options.settings, "Sets one value of the configuration: path.to.key=value; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_config_options(CLI::App& verb, ConfigOptions& options) {
  add_file_options(verb, options);
  verb.add_option("--key", options.keys, "Key attributes in key-schema order: [TABLE=]HASH[,RANGE]; may be repeated")
      ->type_name("KEY")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_map_option(CLI::App& verb, ConfigOptions& options) {
  verb.add_option("--map", options.maps,
                  "Where a table goes: TABLE=DATABASE.COLLECTION; *=DATABASE.* maps the rest; may be repeated")
      ->type_name("MAP")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_form_option(CLI::App& verb, InputForm& form) {
  static const std::map<std::string, InputForm> forms = [] {
    std::map<std::string, InputForm> words(input_form_words.begin(), input_form_words.end());
    words.erase("any");
    return words;
  }();
  add_word_option(verb, "--from", form, forms, "What the input is, where it shall not be recognised record by record");
}

namespace {

int exit_code(const Error& error) { return error.kind == ErrorKind::usage ? exit_usage : exit_stopped; }

// Says what is wrong with the command line, and where to read on.
int refuse(const CLI::App& app, const std::string& what) {
  const std::vector<CLI::App*> given = app.get_subcommands();
  const std::string verb = given.empty() ? "" : " " + given.front()->get_name();
  fmt::print(stderr, "dynatlas: {}\ndynatlas{} --help says more\n", printable(what), verb);
  return exit_usage;
}

std::string unknown_verb(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    known.push_back(verb->get_name());
  const std::vector<std::string> left = app.remaining();
  const bool option = !left.empty() && left.front()[0] == '-';
  const std::string what = left.empty() ? "a verb is missing" : fmt::format("`{}` is no verb", left.front());
  return option ? fmt::format("`{}` is no option that stands before a verb", left.front())
                : fmt::format("{}; known are {}", what, fmt::join(known, ", "));
}

int run_verb(int argc, char** argv) {
  CLI::App app("Keeps MongoDB equal to Amazon DynamoDB tables.", "dynatlas");
  app.set_version_flag("--version", "dynatlas " DYNATLAS_VERSION);
  app.footer("dynatlas VERB --help says more of each verb. Documentation: docs/ in the source.");
  Run run;
  add_convert(app, run);
  add_replay(app, run);
  add_dlq(app, run);
  add_kcl(app, run);
  app.allow_extras();  // so that a verb that is none can be named; the verbs do not inherit it here
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help and --version
    return refuse(app, error.what());
  }
  if (!run || app.remaining_size() != 0) return refuse(app, unknown_verb(app));
  const Result<int> code = run();
  if (code) return *code;
  fmt::print(stderr, "dynatlas: {}\n", printable(code.error().message));
  return exit_code(code.error());
}

}  // namespace

}  // namespace dynatlas

int main(int argc, char** argv) {
  try {
    return dynatlas::run_verb(argc, argv);
  } catch (const std::bad_alloc&) {
    std::fputs("dynatlas: out of memory\n", stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dynatlas: %s\n", error.what());
  }
  return dynatlas::exit_stopped;
}
