// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "target/timed_target.h"

namespace dynatlas {

// Takes what it is told to, and remembers it. Keys are told apart by the versions of their changes, `s`.
class FakeTarget : public TimedTarget {
 public:
  Result<Applied> apply(std::span<const Change> changes) override {
    if (down_after == batches.size()) return down;
    std::vector<std::string>& batch = batches.emplace_back();
    Applied applied;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      const std::string place = changes[i].version->s;
      batch.push_back(place);
      const auto found = refused.find(place);
      if (found != refused.end()) {
        applied.refused.push_back({i, "is refused", found->second});
      } else if (changes[i].operation == Record::Operation::remove) {
        ++applied.removed;
      } else {
        ++applied.upserted;
      }
    }
    return applied;
  }

  Result<void> park(std::span<const ParkedRecord> records) override {
    if (cannot_park) return fatal("the server is away");
    parked.insert(parked.end(), records.begin(), records.end());
    return {};
  }

  Result<void> drain() override { return {}; }
  Result<void> break_off() override { return {}; }
  void end_by(Clock::Time time) override { ends.push_back(time); }
  Result<void> recall(const std::string& database, const DestinationOf& destination_of) override {
    if (cannot_recall) return fatal("the server is away");
    for (const char* collection : {"t", "no table"}) {
      const Destination* destination = destination_of(collection);
      recalled.push_back(database + "." + collection + (destination == nullptr ? " is nobody's" : ""));
    }
    return {};
  }
  Result<void> settle_until(Clock::Time time) override {
    settled_until.push_back(time);
    if (cannot_settle) return fatal("the server is away");
    return {};
  }

  std::map<std::string, bool> refused;    // a version's `s`, and whether for now
  std::optional<std::size_t> down_after;  // so many batches are taken
  Error down = fatal("the server is away");
  bool cannot_park = false;
  bool cannot_settle = false;
  bool cannot_recall = false;

  std::vector<std::vector<std::string>> batches;
  std::vector<ParkedRecord> parked;
  std::vector<Clock::Time> ends;
  std::vector<Clock::Time> settled_until;
  std::vector<std::string> recalled;
};

}  // namespace dynatlas
