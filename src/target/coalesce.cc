// SPDX-License-Identifier: Apache-2.0
#include "target/coalesce.h"

#include <algorithm>
#include <tuple>

namespace dynatlas {

namespace {

bool same_key(const Change& a, const Change& b) { return a.destination == b.destination && a.key == b.key; }

// Whether `later`, which came behind `earlier` in the batch, takes its place.
bool replaces(const Change& later, const Change& earlier) {
  if (!later.destination->rules->guard) return true;
  if (!later.version) return false;
  return !earlier.version || is_older(*earlier.version, *later.version);
}

// Whether two documents differ in more than the places in their versions.
bool images_differ(const Change& a, const Change& b) {
  std::string same = b.document;
  const std::size_t at = same.rfind(b.version->s);
  if (at != std::string::npos) same.replace(at, b.version->s.size(), a.version->s);
  return a.document != same;
}

// Two images of one item at one time: only their places say which is newer.
bool is_tie(const Change& a, const Change& b) {
  return a.version && b.version && a.kind == "timed" && a.version->t == b.version->t && a.version->s != b.version->s &&
         (a.operation != b.operation || images_differ(a, b));
}

}  // namespace

std::vector<const Change*> coalesce(std::span<const Change> changes, Applied& applied) {
  std::vector<const Change*> sorted;
  sorted.reserve(changes.size());
  for (const Change& change : changes) sorted.push_back(&change);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Change* a, const Change* b) {
    return std::tie(a->destination, a->key) < std::tie(b->destination, b->key);
  });
  std::vector<const Change*> chosen;
  for (const Change* change : sorted) {
    if (chosen.empty() || !same_key(*chosen.back(), *change)) {
      chosen.push_back(change);
      continue;
    }
    ++applied.coalesced;
    if (is_tie(*chosen.back(), *change)) ++applied.ties;
    if (replaces(*change, *chosen.back())) chosen.back() = change;
  }
  std::stable_partition(chosen.begin(), chosen.end(),
                        [](const Change* change) { return change->operation == Record::Operation::remove; });
  return chosen;
}

}  // namespace dynatlas
