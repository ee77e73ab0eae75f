// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "base/time_text.h"
#include "signals.h"
#include "targets.h"
#include "verbs.h"

namespace dynatlas {

namespace {

namespace fs = std::filesystem;

struct Options {
  ConfigOptions config;
  ReplayOptions replay;
  std::string to;
  std::optional<std::string> as_of;
  std::string summary_file;
  bool dry_run = false;
};

std::string summary_json(const ReplaySummary& summary, double seconds) {
  return fmt::format(
      R"({{"read":{},"upserted":{},"removed":{},"stale":{},"coalesced":{},"parked":{},"filtered":{},"seconds":{:.3f}}})",
      summary.read, summary.applied.upserted, summary.applied.removed, summary.applied.stale, summary.applied.coalesced,
      summary.parked, summary.filtered, seconds);
}

Result<void> tell_summary(const Options& options, const ReplaySummary& summary, double seconds) {
  fmt::print(stderr, "{}read {}: upserted {}, removed {}, stale {}, coalesced {}, parked {}, filtered {}; {:.1f} s\n",
             options.dry_run ? "dry run, nothing was written: " : "", summary.read, summary.applied.upserted,
             summary.applied.removed, summary.applied.stale, summary.applied.coalesced, summary.parked,
             summary.filtered, seconds);
  if (summary.applied.ties != 0) {
    fmt::print(stderr,
               "{} times two different images of one item had equal times, and their places in the input decided; "
               "the Kinesis destination's precision should be MICROSECOND\n",
               summary.applied.ties);
  }
  fmt::print(stderr, "{}", describe(summary.values));
  if (options.summary_file.empty()) return {};
  ASSIGN_OR_RETURN(ReplacedFile file, ReplacedFile::begin(options.summary_file));
  RETURN_IF_ERROR(file.append(summary_json(summary, seconds) + "\n"));
  return file.finish();
}

// Clocks differ; but items that count as copied long after now would win over changes that are still to come.
constexpr std::chrono::minutes ahead_max{5};

Result<std::int64_t> time_of_copy(const std::string& text) {
  const auto time = parse_rfc3339(text);
  if (!time) return usage("--as-of must be a time such as 2024-07-11T23:23:53Z");
  if (Clock::Time(std::chrono::microseconds(*time)) > system_clock().now() + ahead_max)
    return usage("--as-of is in the future: say when the copy was begun");
  return *time;
}

Result<int> run_replay(Options& options) {
  if (options.as_of) {
    ASSIGN_OR_RETURN(options.replay.as_of, time_of_copy(*options.as_of));
  }
  const fs::path summary_folder = fs::path(options.summary_file).parent_path();
  if (!summary_folder.empty() && !fs::is_directory(summary_folder))
    return usage(fmt::format("--summary {}: there is no such folder", options.summary_file));
  if (fs::is_directory(options.summary_file))
    return usage(fmt::format("--summary {}: is a folder, and must be a file", options.summary_file));
  if (options.replay.files.empty()) options.replay.files.emplace_back("-");
  ASSIGN_OR_RETURN(const ConfiguredTarget configured, load_config_and_target(options.config, options.to));
  RETURN_IF_ERROR(check_inputs(options.replay.files));
  const std::atomic<bool>& stop = stop_on_signals();
  ASSIGN_OR_RETURN(const std::unique_ptr<Target> target,
                   open_target(configured, options.dry_run ? WriteMode::dry_run : WriteMode::apply, stop));
  const auto begin = std::chrono::steady_clock::now();
  ReplaySummary summary;
  const Result<void> replayed = replay(configured.config, options.replay, *target, stop, summary);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  RETURN_IF_ERROR(tell_summary(options, summary, seconds));
  if (!replayed) return replayed.error();
  return summary.parked == 0 ? exit_done : exit_look;
}

}  // namespace

void add_replay(CLI::App& app, Run& run) {
  CLI::App& verb =
      *app.add_subcommand("replay", "Applies items and changes from files to a target under the version guard");
  const auto options = std::make_shared<Options>();
  options->replay.jobs = std::max(1U, std::thread::hardware_concurrency());
  verb.add_option("--to", options->to,
                  "The target: mongodb://.. or mongodb+srv://.., or dump:FOLDER, which mongorestore loads")
      ->type_name("TARGET");
  add_map_option(verb, options->config);
  verb.add_option("--table", options->config.default_table, "The table of records that name none (default: items)")
      ->type_name("NAME");
  verb.add_option("--as-of", options->as_of,
                  "Items count as copied at this time (RFC 3339); without it they only fill in what is absent")
      ->type_name("TIME");
  verb.add_option("--stream", options->replay.stream, "The ARN of the DynamoDB stream of records that name none")
      ->type_name("ARN");
  verb.add_option("--summary", options->summary_file, "Writes the counters to this file as JSON")->type_name("FILE");
  verb.add_flag("--dry-run", options->dry_run, "Counts what would become of the input; writes nothing");
  verb.add_option("--jobs", options->replay.jobs, "Threads that decode (default: all cores)")
      ->type_name("N")
      ->check(CLI::Range(1, 1024));
  add_form_option(verb, options->replay.form);
  add_config_options(verb, options->config);
  verb.add_option("FILE", options->replay.files, "Input, plain or gzip or zstd; - or nothing is standard input");
  verb.footer(
      "Example: dynatlas replay --to mongodb://127.0.0.1/shop --map customers=shop.customers --key "
      "customers=customerId "
      "changes.ndjson.gz\n"
      "Exit codes: 0 done, 1 done but records were parked, 2 usage, 3 stopped (the same command continues).");
  verb.callback([options, &run] { run = [options] { return run_replay(*options); }; });
}

}  // namespace dynatlas
