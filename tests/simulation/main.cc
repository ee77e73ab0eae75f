// SPDX-License-Identifier: Apache-2.0
//
// dynatlas_simulation [--schedules N] [--seed S] [--schedule K] [--whole] [--count] [--handler]
//
// Runs N schedules of the real protocol code on a simulated server (--handler: of the Lambda function's handler, below
// a model of the event source mapping), and prints in which share of them each interesting
// thing happened. Exit code 1 where a schedule fails, which is shrunk (but with --whole) and printed with what brings
// it back, or where something never happened although enough schedules ran. --schedule K runs one alone. --count prints
// how many failed. DYNATLAS_TEST_PERCENT makes N smaller, as the presets with sanitizers have it. The same seed gives
// the same.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "simulation/plan.h"
#include "simulation/scheduler.h"
#include "simulation/shrink.h"
#include "simulation/world.h"

namespace {

using namespace dynatlas::simulation;

constexpr std::size_t enough_schedules = 2000;  // that everything happened in one of them

// What may happen in schedules of workers, of the Lambda function, or of both.
enum class Kind : std::uint8_t { of_workers, of_function, of_both };

struct Thing {
  const char* name;
  Kind kind;
};

constexpr Thing things[] = {
    {"stale refused", Kind::of_both},
    {"duplicate key", Kind::of_both},
    {"duplicate key tried again and written", Kind::of_both},
    {"refused by a user's index", Kind::of_both},
    {"written after a refusal", Kind::of_both},
    {"poison refused", Kind::of_both},
    {"parked again", Kind::of_both},
    {"tombstone found before", Kind::of_both},
    {"undone after", Kind::of_both},
    {"settle pass deleted", Kind::of_both},
    {"coalesced", Kind::of_both},
    {"stale read", Kind::of_both},
    {"server refused", Kind::of_both},
    {"connection lost", Kind::of_both},
    {"carried out after it was given up", Kind::of_both},
    {"time limit reached", Kind::of_both},
    {"reply lost", Kind::of_both},
    {"no majority", Kind::of_both},
    {"statement interrupted", Kind::of_both},
    {"crash", Kind::of_both},
    {"crash in flight", Kind::of_both},
    {"zombie died", Kind::of_workers},
    {"slept past the settle pass", Kind::of_both},
    {"delivered again after a restart", Kind::of_workers},
    {"old change", Kind::of_both},
    {"young change", Kind::of_both},
    {"copied item", Kind::of_both},
    {"item without a time", Kind::of_both},
    {"soft delete", Kind::of_both},
    {"id: objectid", Kind::of_both},
    {"guard: off", Kind::of_workers},
    {"events of Kinesis", Kind::of_function},
    {"events of DynamoDB Streams", Kind::of_function},
    {"aggregated record", Kind::of_function},
    {"records out of order", Kind::of_function},
    {"two shards", Kind::of_function},
    {"two lanes of a shard", Kind::of_function},
    {"two mappings of one stream", Kind::of_function},
    {"process served again", Kind::of_function},
    {"part of a batch failed", Kind::of_function},
    {"whole batch failed", Kind::of_function},
    {"batch bisected", Kind::of_function},
    {"killed by the time-out", Kind::of_function},
    {"outlived the time-out", Kind::of_function},
    {"answer lost", Kind::of_function},
    {"delivered anew", Kind::of_function},
    {"unreadable record parked", Kind::of_function},
    {"dead letters replayed", Kind::of_function},
    {"outage", Kind::of_function},
    {"tick settled", Kind::of_function},
};
static_assert(std::size(things) == static_cast<std::size_t>(Sight::count_));

struct Options {
  std::size_t schedules = 20'000;
  std::uint64_t seed = 1;
  std::optional<std::size_t> schedule;
  bool count = false;
  bool whole = false;
  bool handler = false;
};

bool* flag_of(std::string_view name, Options& options) {
  if (name == "--count") return &options.count;
  if (name == "--whole") return &options.whole;
  return name == "--handler" ? &options.handler : nullptr;
}

std::optional<Options> options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (bool* flag = flag_of(name, options)) {
      *flag = true;
      continue;
    }
    if (++i == argc) return std::nullopt;
    char* end = nullptr;
    const std::uint64_t value = std::strtoull(argv[i], &end, 10);
    if (*argv[i] == '\0' || *end != '\0') return std::nullopt;
    if (name == "--schedules") {
      options.schedules = value;
    } else if (name == "--seed") {
      options.seed = value;
    } else if (name == "--schedule") {
      options.schedule = value;
    } else {
      return std::nullopt;
    }
  }
  if (const char* percent = std::getenv("DYNATLAS_TEST_PERCENT"))
    options.schedules = options.schedules * std::strtoull(percent, nullptr, 10) / 100;
  return options;
}

Plan plan_of(const Options& options, std::size_t schedule) {
  Choices mixed(options.seed + schedule * 0x100000001B3);
  return options.handler ? make_function_plan(mixed.next()) : make_plan(mixed.next());
}

void print_failure(const Options& options, std::size_t schedule, const Plan& failing, const std::string& wrong,
                   StackPool& stacks) {
  fmt::print("schedule {} fails: {}\n\n{}:\n", schedule, wrong, options.whole ? "whole" : "shrunk");
  const Plan plan = options.whole ? failing : shrunk(failing, stacks);
  const Outcome outcome = run(plan, stacks, true);
  for (const std::string& line : described(plan)) fmt::print("  {}\n", line);
  for (const std::string& step : outcome.steps) fmt::print("{}\n", step);
  fmt::print("\nwrong: {}\n\nagain: dynatlas_simulation {}--seed {} --schedule {}\n", outcome.wrong,
             options.handler ? "--handler " : "", options.seed, schedule);
}

struct Shares {
  std::size_t of[std::size(things)] = {};

  void add(const Outcome& outcome) {
    for (std::size_t i = 0; i < std::size(things); ++i) of[i] += static_cast<std::size_t>(outcome.seen[i]);
  }

  // Whether all happened, but for what belongs to the other kind alone.
  bool print(std::size_t schedules, Kind other) const {
    bool all = true;
    for (std::size_t i = 0; i < std::size(things); ++i) {
      if (things[i].kind == other) continue;
      fmt::print("{:>8.3f} %  {}{}\n", 100.0 * static_cast<double>(of[i]) / static_cast<double>(schedules),
                 things[i].name, of[i] == 0 ? "  NEVER" : "");
      all = all && of[i] != 0;
    }
    return all;
  }
};

int run_all(const Options& options) {
  StackPool stacks;
  Shares shares;
  std::size_t failed = 0;
  const std::size_t first = options.schedule.value_or(0);
  const std::size_t count = options.schedule ? 1 : options.schedules;
  for (std::size_t i = first; i < first + count; ++i) {
    const Plan plan = plan_of(options, i);
    const Outcome outcome = run(plan, stacks, false);
    shares.add(outcome);
    if (outcome.wrong.empty()) continue;
    ++failed;
    if (options.count) continue;
    print_failure(options, i, plan, outcome.wrong, stacks);
    return 1;
  }
  if (options.count) {
    fmt::print("{}\n", failed);
    return failed == 0 ? 0 : 1;
  }
  const bool all = shares.print(count, options.handler ? Kind::of_workers : Kind::of_function);
  fmt::print("{} schedules passed, seed {}\n", count, options.seed);
  return all || count < enough_schedules ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = options_of(argc, argv);
  if (!options) {
    fmt::print(
        stderr,
        "usage: dynatlas_simulation [--schedules N] [--seed S] [--schedule K] [--whole] [--count] [--handler]\n");
    return 2;
  }
  return run_all(*options);
}
