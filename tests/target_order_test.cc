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

// What is to be there at the end: the last of the item in the order of the history. A repeat that was put in front is
// as old as what it repeats. With soft deletes a removal leaves what it met, and only how that ends is certain.
std::string expected_end(const History& history, int item, std::string_view key, bool soft) {
  const Happened* last = nullptr;
  for (const Happened& happened : history) {
    if (happened.item == item && (last == nullptr || happened.version)) last = &happened;
  }
  if (last == nullptr || (last->removed && !soft)) return "absent";
  if (!last->removed) return stored_text(key, last->version, last->value);
  return fmt::format(R"("_dynatlas":{{"t":{},"s":"{}","deleted":true}}}})", last->version->t, last->version->s);
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
std::string TargetOrder::first_order_that_matters() {
  int run = 0;
  return first_failure(10, [&](std::mt19937_64& random) -> std::string {
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
          expected[keys[item]] = expected_end(history, item, keys[item], rules.soft_deletes);
          how[keys[item]] = shown(history, order, cuts);
        }
      }
    } while (std::next_permutation(order.begin(), order.end()));

    std::map<std::string, std::string> found;
    for (const std::string& document : stored()) found[document.substr(7, document.find(',') - 7)] = document;
    for (const auto& [key, document] : expected) {
      const auto is = found.find(key);
      const std::string& there = is == found.end() ? "absent" : is->second;
      const bool ends_so = document[0] == '"' && there.ends_with(document);
      if (there != document && !ends_so)
        return fmt::format("{} is {}\nnot {}\nafter\n{}", key, there, document, how[key]);
    }
    return found.size() <= expected.size() ? "" : "there is more than was written";
  });
}

TEST_P(TargetOrder, DoesNotMatter) { EXPECT_EQ(first_order_that_matters(), ""); }

TEST_P(TargetOrder, DoesNotMatterWithSoftDeletes) {
  rules.soft_deletes = true;
  EXPECT_EQ(first_order_that_matters(), "");
}

}  // namespace dynatlas
