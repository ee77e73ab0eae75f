// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/file.h"
#include "base/printable.h"
#include "base/table_name.h"
#include "pipeline/replay_letters.h"
#include "signals.h"
#include "target/dead_letter_text.h"
#include "targets.h"
#include "verbs.h"

namespace dynatlas {

namespace {

struct Options {
  ConfigOptions config;
  std::string to;
  std::vector<std::string> ids;
  std::string table;
  bool all = false;
  bool dry_run = false;
};

constexpr const char* exit_codes =
    "Exit codes: 0 done, 1 done but a person should look, 2 usage, 3 stopped (the same command continues).";

// Whoever names a dead letter twice means it once.
std::vector<std::string> without_repeats(const std::vector<std::string>& ids) {
  std::vector<std::string> once;
  for (const std::string& id : ids) {
    if (std::find(once.begin(), once.end(), id) == once.end()) once.push_back(id);
  }
  return once;
}

Result<ConfiguredTarget> load(const Options& options) {
  ConfigOptions config = options.config;
  if (!config.file && options.to.empty()) config.file = usual_file();
  return load_config_and_target(config, options.to);
}

Result<TargetWithLetters> open(const Options& options, const ConfiguredTarget& configured) {
  return open_with_letters(configured, options.dry_run ? WriteMode::dry_run : WriteMode::apply);
}

void tell(const std::string& id, const std::string& what) { fmt::print(stderr, "{}: {}\n", printable(id), what); }

int tell_missing(const std::string& id) {
  tell(id, "there is no such dead letter");
  return exit_look;
}

const char* said_first(const Options& options) { return options.dry_run ? "dry run, nothing was written: " : ""; }

// One letter's line; empty where it cannot be read, which is told.
std::string line_or_complaint(const StoredLetter& stored) {
  const Result<DeadLetter> letter = read_dead_letter(stored.id, stored.bson);
  const Result<std::string> line = letter ? line_of(*letter) : Result<std::string>(letter.error());
  if (!line) tell(stored.id, "it " + line.error().message);
  return line.value_or("");
}

Result<int> run_list(const Options& options) {
  ASSIGN_OR_RETURN(const ConfiguredTarget configured, load(options));
  ASSIGN_OR_RETURN(const TargetWithLetters opened, open(options, configured));
  int code = exit_done;
  std::optional<std::string> last;
  for (;;) {
    ASSIGN_OR_RETURN(const std::vector<StoredLetter> page, opened.letters->page(last));
    if (page.empty()) return code;
    last = page.back().id;
    for (const StoredLetter& stored : page) {
      const std::string line = line_or_complaint(stored);
      if (line.empty()) code = exit_look;
      RETURN_IF_ERROR(write_all(STDOUT_FILENO, line, "standard output"));
    }
  }
}

Result<int> run_show(const Options& options) {
  ASSIGN_OR_RETURN(const ConfiguredTarget configured, load(options));
  ASSIGN_OR_RETURN(const TargetWithLetters opened, open(options, configured));
  const std::string& id = options.ids.front();
  ASSIGN_OR_RETURN(const std::optional<StoredLetter> stored, opened.letters->find(id));
  if (!stored) return tell_missing(id);
  const Result<DeadLetter> letter = read_dead_letter(stored->id, stored->bson);
  const Result<std::string> text = letter ? whole_text_of(stored->bson) : Result<std::string>(letter.error());
  if (!text) return tell(id, "it " + text.error().message), exit_look;
  RETURN_IF_ERROR(write_all(STDOUT_FILENO, *text, "standard output"));
  return exit_done;
}

Result<int> run_replay(const Options& options) {
  if (options.all == !options.ids.empty())
    return usage("dlq replay needs either the IDs of dead letters, as dlq list prints them, or --all");
  if (!options.table.empty() && !is_table_name(options.table))
    return usage(fmt::format("--table {}: is no name of a DynamoDB table", options.table));
  ASSIGN_OR_RETURN(const ConfiguredTarget configured, load(options));
  ASSIGN_OR_RETURN(const TargetWithLetters opened, open(options, configured));
  LettersSummary summary;
  const Result<void> replayed =
      replay_letters(configured.config, {without_repeats(options.ids), options.table}, *opened.target, *opened.letters,
                     system_clock(), stop_on_signals(), summary);
  fmt::print(stderr, "{}applied {}, stale {}, filtered {}; left: refused {}, too old {}, unknown {}\n",
             said_first(options), summary.applied, summary.stale, summary.filtered, summary.refused, summary.too_old,
             summary.missing);
  if (!replayed) return replayed.error();
  return summary.left() == 0 ? exit_done : exit_look;
}

// What is of a newer format may mean more than this program knows; what is damaged goes.
bool may_drop(const StoredLetter& stored) {
  const Result<DeadLetter> letter = read_dead_letter(stored.id, stored.bson);
  if (letter || letter.error().kind == ErrorKind::poison) return true;
  tell(stored.id, "it " + letter.error().message);
  return false;
}

Result<int> run_drop(const Options& options) {
  ASSIGN_OR_RETURN(const ConfiguredTarget configured, load(options));
  ASSIGN_OR_RETURN(const TargetWithLetters opened, open(options, configured));
  std::vector<std::string> dropped;
  int code = exit_done;
  for (const std::string& id : without_repeats(options.ids)) {
    ASSIGN_OR_RETURN(const std::optional<StoredLetter> stored, opened.letters->find(id));
    if (!stored) {
      code = tell_missing(id);
    } else if (may_drop(*stored)) {
      dropped.push_back(id);
    } else {
      code = exit_look;
    }
  }
  RETURN_IF_ERROR(opened.letters->drop(dropped));
  RETURN_IF_ERROR(opened.letters->finish());
  fmt::print(stderr, "{}dropped {}\n", said_first(options), dropped.size());
  return code;
}

CLI::App& add_part(CLI::App& verb, const char* name, const char* help, const std::shared_ptr<Options>& options) {
  CLI::App& part = *verb.add_subcommand(name, help);
  part.add_option("--to", options->to, "The target: mongodb://.., mongodb+srv://.. or dump:FOLDER")
      ->type_name("TARGET");
  return part;
}

void add_ids(CLI::App& part, const std::shared_ptr<Options>& options) {
  part.add_option("ID", options->ids, "Ids of dead letters, as dlq list prints them");
}

void add_dry_run(CLI::App& part, const std::shared_ptr<Options>& options, const char* help) {
  part.add_flag("--dry-run", options->dry_run, help);
}

// Each part says by its footer how it is used.
void finish(CLI::App& part, const std::string& example, const std::shared_ptr<Options>& options, Run& run,
            Result<int> (*how)(const Options&)) {
  part.footer(fmt::format("Example: {}\n{}", example, exit_codes));
  part.callback([options, &run, how] { run = [options, how] { return how(*options); }; });
}

void add_replay_part(CLI::App& verb, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& part = add_part(verb, "replay", "Applies parked changes under the version guard, and drops them", options);
  add_ids(part, options);
  part.add_flag("--all", options->all, "All dead letters");
  add_map_option(part, options->config);
  part.add_option("--table", options->table, "The table of dead letters whose table is not known")->type_name("NAME");
  add_dry_run(part, options, "Says what would become of them; writes nothing");
  add_config_options(part, options->config);
  finish(part, "dynatlas dlq replay --all --to dump:out --key customers=customerId", options, run, run_replay);
}

void add_list_part(CLI::App& verb, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& part = add_part(verb, "list", "Prints a line for each dead letter, without its record", options);
  add_file_options(part, options->config);
  finish(part, "dynatlas dlq list --to dump:out", options, run, run_list);
}

void add_show_part(CLI::App& verb, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& part = add_part(verb, "show", "Prints a whole dead letter, with its record", options);
  add_ids(part, options);
  part.get_option("ID")->required()->expected(1);
  add_file_options(part, options->config);
  finish(part, "dynatlas dlq show ID --to dump:out", options, run, run_show);
}

void add_drop_part(CLI::App& verb, Run& run) {
  const auto options = std::make_shared<Options>();
  CLI::App& part = add_part(verb, "drop", "Takes dead letters away for ever", options);
  add_ids(part, options);
  part.get_option("ID")->required();
  add_dry_run(part, options, "Says which would go; writes nothing");
  add_file_options(part, options->config);
  finish(part, "dynatlas dlq drop ID --to dump:out", options, run, run_drop);
}

}  // namespace

void add_dlq(CLI::App& app, Run& run) {
  CLI::App& verb = *app.add_subcommand("dlq", "Lists, shows, replays and drops parked records (dead letters)");
  verb.require_subcommand(1);
  verb.footer(fmt::format("dynatlas dlq list --help says more of each.\nExample: dynatlas dlq list --to dump:out\n{}",
                          exit_codes));
  add_list_part(verb, run);
  add_show_part(verb, run);
  add_replay_part(verb, run);
  add_drop_part(verb, run);
}

}  // namespace dynatlas
