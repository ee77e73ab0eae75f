// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <memory>

#include "base/clock.h"
#include "base/printable.h"
#include "pipeline/kcl_processor.h"
#include "standard_kcl_daemon.h"
#include "targets.h"
#include "verbs.h"

namespace dynatlas {

namespace {

struct Options {
  ConfigOptions config;
  bool dry_run = false;
};

void tell(const std::string& line) { fmt::print(stderr, "dynatlas: {}\n", printable(line)); }

Result<ConfiguredTarget> load(const Options& options) {
  ConfigOptions config = options.config;
  if (!config.file) config.file = usual_file();
  ASSIGN_OR_RETURN(ConfiguredTarget configured, load_config_and_target(config, ""));
  if (!configured.config.kinesis_stream)
    return usage("source.kinesis.stream is missing: the ARN of the stream that the MultiLangDaemon reads, or its name");
  return configured;
}

// The daemon decides when its processes end, and closes their standard input. A terminal or a service manager that
// stops it signals them too, and then they are still needed for the last checkpoints.
void leave_signals_to_the_daemon() {
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) std::signal(signal, SIG_IGN);
}

Result<int> run_kcl(const Options& options) {
  ASSIGN_OR_RETURN(const ConfiguredTarget configured, load(options));
  const OpenTimedTarget open = [&] { return open_timed_target(configured); };
  if (options.dry_run) {
    ASSIGN_OR_RETURN(const std::unique_ptr<TimedTarget> target, open());
    tell("dry run: the configuration is in order and the server answers; nothing was read or written");
    return exit_done;
  }
  leave_signals_to_the_daemon();
  ASSIGN_OR_RETURN(const std::unique_ptr<StandardKclDaemon> daemon, StandardKclDaemon::open());
  KclProcessor processor(configured.config, open, *daemon, system_clock(), tell);
  RETURN_IF_ERROR(processor.run());
  return exit_done;
}

}  // namespace

void add_kcl(CLI::App& app, Run& run) {
  CLI::App& verb = *app.add_subcommand(
      "kcl", "Applies the records of a Kinesis shard; Amazon's MultiLangDaemon starts it, one process a shard");
  const auto options = std::make_shared<Options>();
  add_config_options(verb, options->config);
  verb.add_flag("--dry-run", options->dry_run, "Reads the configuration and connects; serves no daemon");
  verb.footer(
      "Example: executableName = dynatlas kcl -c /etc/dynatlas/dynatlas.yaml   (in the daemon's properties file)\n"
      "docs/kcl.md says how the daemon is set up.\n"
      "Exit codes: 0 done, 2 usage, 3 stopped (what is not done comes again).");
  verb.callback([options, &run] { run = [options] { return run_kcl(*options); }; });
}

}  // namespace dynatlas
