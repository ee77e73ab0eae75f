// SPDX-License-Identifier: Apache-2.0
#include "pipeline/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <thread>

#include "verbs.h"

namespace dynatlas {

namespace {

struct Options {
  ConfigOptions config;
  ConvertOptions convert;
};

Result<int> run_convert(Options& options) {
  ConvertOptions& convert_options = options.convert;
  if (convert_options.changes && convert_options.to != ConvertTo::relaxed &&
      convert_options.to != ConvertTo::canonical) {
    return usage("--changes prints Extended JSON: use it with --to ejson or --to canonical");
  }
  if (convert_options.to == ConvertTo::item && convert_options.form != InputForm::any) {
    return usage("--from says in what form items come in; --to item reads documents, and recognises their form");
  }
  ASSIGN_OR_RETURN(const Config config, Config::load(options.config));
  if (convert_options.files.empty()) convert_options.files.emplace_back("-");
  ASSIGN_OR_RETURN(const ConvertSummary summary, convert(config, convert_options));
  fmt::print(stderr, "{}", describe(summary.values));
  if (summary.refused == 0) return exit_done;
  fmt::print(stderr, "dynatlas: {} of {} records could not be converted\n", summary.refused,
             summary.refused + summary.records);
  return exit_look;
}

}  // namespace

void add_convert(CLI::App& app, Run& run) {
  static const std::map<std::string, ConvertTo> forms = {{"ejson", ConvertTo::relaxed},
                                                         {"canonical", ConvertTo::canonical},
                                                         {"bson", ConvertTo::bson},
                                                         {"item", ConvertTo::item}};
  CLI::App& verb =
      *app.add_subcommand("convert", "Converts DynamoDB items and changes to MongoDB documents, and back; no network");
  const auto options = std::make_shared<Options>();
  options->convert.jobs = std::max(1U, std::thread::hardware_concurrency());
  add_word_option(verb, "--to", options->convert.to, forms, "What comes out (default: ejson); item is the way back");
  add_form_option(verb, options->convert.form);
  verb.add_flag("--changes", options->convert.changes,
                "One line a change, removals too: operation, table, id, version, document");
  verb.add_flag("--metadata", options->convert.metadata, "Adds the metadata field to the documents");
  verb.add_option("--table", options->config.default_table, "The table of records that name none")->type_name("NAME");
  verb.add_option("--stream", options->convert.stream, "The ARN of the DynamoDB stream of records that name none")
      ->type_name("ARN");
  verb.add_option("--jobs", options->convert.jobs, "Threads (default: all cores)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  add_config_options(verb, options->config);
  verb.add_option("FILE", options->convert.files, "Input, plain or gzip or zstd; - or nothing is standard input");
  verb.footer(
      "Example: aws dynamodb scan --table-name customers | dynatlas convert --key customerId > customers.json\n"
      "Exit codes: 0 done, 1 some records could not be converted, 2 usage, 3 stopped.");
  verb.callback([options, &run] { run = [options] { return run_convert(*options); }; });
}

}  // namespace dynatlas
