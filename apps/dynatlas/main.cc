// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <map>
#include <new>

#include "verbs.h"

namespace dynatlas {

void add_config_options(CLI::App& verb, ConfigOptions& options) {
  verb.add_option("-c,--config", options.file, "Configuration file (YAML)")->type_name("FILE");
  verb.add_option("--set", options.settings, "Sets one value of the configuration: path.to.key=value; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb.add_option("--key", options.keys, "Key attributes in key-schema order: [TABLE=]HASH[,RANGE]; may be repeated")
      ->type_name("KEY")
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void add_form_option(CLI::App& verb, InputForm& form) {
  static const std::map<std::string, InputForm> forms = {
      {"item", InputForm::item},       {"export", InputForm::full_export}, {"incremental", InputForm::incremental},
      {"kinesis", InputForm::kinesis}, {"streams", InputForm::streams},    {"lambda", InputForm::lambda}};
  add_word_option(verb, "--from", form, forms, "What the input is, where it shall not be recognised record by record");
}

namespace {

int exit_code(const Error& error) { return error.kind == ErrorKind::usage ? exit_usage : exit_stopped; }

int run_verb(int argc, char** argv) {
  CLI::App app("Keeps MongoDB equal to Amazon DynamoDB tables.", "dynatlas");
  app.set_version_flag("--version", "dynatlas " DYNATLAS_VERSION);
  app.require_subcommand(1);
  app.footer("dynatlas VERB --help says more of each verb. Documentation: docs/ in the source.");
  Run run;
  add_convert(app, run);
  add_replay(app, run);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? exit_done : exit_usage;
  }
  const Result<int> code = run();
  if (code) return *code;
  fmt::print(stderr, "dynatlas: {}\n", code.error().message);
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
