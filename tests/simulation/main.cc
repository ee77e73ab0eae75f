// SPDX-License-Identifier: Apache-2.0
//
// dynatlas_simulation [--schedules N] [--seed S] [--schedule K] [--whole] [--count]
//
// Runs N schedules of the real protocol code on a simulated server and prints in which share of them each interesting
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

constexpr const char* names[] = {"stale refused",
                                 "duplicate key",
                                 "duplicate key tried again and written",
                                 "refused by a user's index",
                                 "written after a refusal",
                                 "poison refused",
                                 "parked again",
                                 "tombstone found before",
                                 "undone after",
                                 "settle pass deleted",
                                 "coalesced",
                                 "stale read",
                                 "server refused",
                                 "connection lost",
                                 "carried out after it was given up",
                                 "time limit reached",
                                 "reply lost",
                                 "no majority",
                                 "statement interrupted",
                                 "crash",
                                 "crash in flight",
                                 "zombie died",
                                 "slept past the settle pass",
                                 "delivered again after a restart",
                                 "old change",
                                 "young change",
                                 "copied item",
                                 "item without a time",
                                 "soft delete",
                                 "id: objectid",
                                 "guard: off"};
static_assert(std::size(names) == static_cast<std::size_t>(Sight::count_));

struct Options {
  std::size_t schedules = 20'000;
  std::uint64_t seed = 1;
  std::optional<std::size_t> schedule;
  bool count = false;
  bool whole = false;
};

std::optional<Options> options_of(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i];
    if (name == "--count" || name == "--whole") {
      (name == "--count" ? options.count : options.whole) = true;
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
  return make_plan(mixed.next());
}

void print_failure(const Options& options, std::size_t schedule, const Plan& failing, const std::string& wrong,
                   StackPool& stacks) {
  fmt::print("schedule {} fails: {}\n\n{}:\n", schedule, wrong, options.whole ? "whole" : "shrunk");
  const Plan plan = options.whole ? failing : shrunk(failing, stacks);
  const Outcome outcome = run(plan, stacks, true);
  for (const std::string& line : described(plan)) fmt::print("  {}\n", line);
  for (const std::string& step : outcome.steps) fmt::print("{}\n", step);
  fmt::print("\nwrong: {}\n\nagain: dynatlas_simulation --seed {} --schedule {}\n", outcome.wrong, options.seed,
             schedule);
}

struct Shares {
  std::size_t of[std::size(names)] = {};

  void add(const Outcome& outcome) {
    for (std::size_t i = 0; i < std::size(names); ++i) of[i] += static_cast<std::size_t>(outcome.seen[i]);
  }

  // Whether all happened.
  bool print(std::size_t schedules) const {
    bool all = true;
    for (std::size_t i = 0; i < std::size(names); ++i) {
      fmt::print("{:>8.3f} %  {}{}\n", 100.0 * static_cast<double>(of[i]) / static_cast<double>(schedules), names[i],
                 of[i] == 0 ? "  NEVER" : "");
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
  const bool all = shares.print(count);
  fmt::print("{} schedules passed, seed {}\n", count, options.seed);
  return all || count < enough_schedules ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = options_of(argc, argv);
  if (!options) {
    fmt::print(stderr, "usage: dynatlas_simulation [--schedules N] [--seed S] [--schedule K] [--whole] [--count]\n");
    return 2;
  }
  return run_all(*options);
}
