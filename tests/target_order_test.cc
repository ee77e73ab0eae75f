// SPDX-License-Identifier: Apache-2.0
//
// The contract of every target: whatever the order of arrival and the cut into batches, a history ends in one way.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "support/dice.h"
#include "support/random_run.h"
#include "support/target_contract.h"

namespace dynatlas {

namespace {

// What happened to one or two items, oldest first, and which of it is delivered (some of it twice).
struct Happened {
  int item = 0;
  bool removed = false;
  std::optional<Version> version;  // none: an item of unknown time, of which there is at most one
  int value = 0;
};
using History = std::vector<Happened>;

constexpr std::ptrdiff_t changes_max = 5;  // 120 orders, each cut in 16 ways

History random_history(Dice& dice) {
  const bool streams_kind = dice.one_in(2);
  const int count = dice.between(3, 4);
  History history;
  std::int64_t t = 10;
  std::int64_t sequence = dice.one_in(2) ? 98 : 7;  // its digits become more on the way
  if (dice.one_in(3)) history.push_back({dice.between(0, 1), false, std::nullopt, 100});
  for (int i = 0; i < count; ++i) {
    t += dice.between(0, 1);
    sequence += dice.between(1, 2);
    if (dice.one_in(4)) history.push_back({dice.between(0, 1), false, copied(++t), 200 + i});
    const Version version = streams_kind ? streams(t, std::to_string(sequence)) : kinesis(t, std::to_string(sequence));
    history.push_back({dice.one_in(4) ? 1 : 0, dice.one_in(2), version, i});
  }
  if (dice.one_in(4)) history.push_back({dice.between(0, 1), false, copied(t + 1), 300});
  if (std::ssize(history) > changes_max) history.erase(history.begin(), history.end() - changes_max);
  while (std::ssize(history) < changes_max && dice.one_in(2)) {
    const Happened again = history[dice.below(history.size())];
    if (again.version) history.insert(history.begin(), again);  // a repeat; its place here does not matter
  }
  return history;
}

// What is to be there at the end: the last of each item, in the order of the history. Repeats stand before.
std::string expected_end(const History& history, int item, std::string_view key) {
  const Happened* last = nullptr;
  for (const Happened& happened : history) {
    if (happened.item == item && (last == nullptr || happened.version)) last = &happened;
  }
  // A repeat that was put in front is older than or equal to what stands behind it.
  if (last == nullptr || last->removed) return "absent";
  return stored_text(key, last->version, last->value);
}

std::string shown(const History& history, const std::vector<std::size_t>& order, unsigned cuts) {
  std::string text;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Happened& happened = history[order[i]];
    text += fmt::format("{} item {} {} {}\n", happened.removed ? "remove" : "upsert", happened.item,
                        happened.version ? fmt::format("{} {}", happened.version->t, happened.version->s) : "undated",
                        (cuts >> i & 1) != 0 ? "| end of batch" : "");
  }
  return text;
}

}  // namespace

// Every permutation, cut into batches in every way: each has two keys of its own in one collection.
TEST_P(TargetOrder, DoesNotMatter) {
  int run = 0;
  const std::string wrong = first_failure(12, [&](std::mt19937_64& random) -> std::string {
    Dice dice(random);
    const History history = random_history(dice);
    destination.collection = fmt::format("run{}", run++);
    reopen();
    std::map<std::string, std::string> expected;  // key to document
    std::map<std::string, std::string> how;
    std::vector<std::size_t> order(history.size());
    std::iota(order.begin(), order.end(), 0);
    do {
      for (unsigned cuts = 0; cuts < 1U << (history.size() - 1); ++cuts) {
        const auto key = [&](int item) { return fmt::format(R"("{:05}-{}")", expected.size() / 2 * 2, item); };
        const std::string keys[] = {key(0), key(1)};
        std::vector<Change> batch;
        for (std::size_t i = 0; i < order.size(); ++i) {
          const Happened& happened = history[order[i]];
          const std::string& name = keys[happened.item];
          batch.push_back(happened.removed ? remove(name, *happened.version)
                                           : upsert(name, happened.version, happened.value));
          if ((cuts >> i & 1) == 0 && i + 1 < order.size()) continue;
          apply(batch);
          batch.clear();
        }
        for (int item = 0; item < 2; ++item) {
          expected[keys[item]] = expected_end(history, item, keys[item]);
          how[keys[item]] = shown(history, order, cuts);
        }
      }
    } while (std::next_permutation(order.begin(), order.end()));

    std::map<std::string, std::string> found;
    for (const std::string& document : stored()) found[document.substr(7, document.find(',') - 7)] = document;
    for (const auto& [key, document] : expected) {
      const auto is = found.find(key);
      const std::string& there = is == found.end() ? "absent" : is->second;
      if (there != document) return fmt::format("{} is {}\nnot {}\nafter\n{}", key, there, document, how[key]);
    }
    return found.size() <= expected.size() ? "" : "there is more than was written";
  });
  EXPECT_EQ(wrong, "");
}

}  // namespace dynatlas
