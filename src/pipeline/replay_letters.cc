// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replay_letters.h"

#include <fmt/format.h>

#include <cstdio>
#include <set>

#include "base/printable.h"
#include "pipeline/letter_decoder.h"

namespace dynatlas {

namespace {

// The key was removed by something newer when the record was parked. That tombstone may have gone since.
bool was_buried(const DeadLetter& letter, const Change& change) {
  if (!letter.tombstone) return false;
  if (change.operation == Record::Operation::remove) return false;  // removes what is older still
  return !change.version || is_older(*change.version, *letter.tombstone);
}

// Replays letters page by page: a page is one batch of the target.
class LetterReplayer {
 public:
  LetterReplayer(const Config& config, const ReplayLettersOptions& options, Target& target, DeadLetters& letters,
                 Clock& clock, LettersSummary& summary)
      : decoder_(config, options.default_table),
        tombstone_life_(config.times.tombstone_life),
        target_(target),
        letters_(letters),
        clock_(clock),
        summary_(summary) {}

  Result<void> take(const std::vector<StoredLetter>& page) {
    for (const StoredLetter& letter : page) RETURN_IF_ERROR(consider(letter));
    return apply();
  }

  void tell_missing(const std::string& id) {
    ++summary_.missing;
    tell(id, "there is no such dead letter");
  }

 private:
  static void tell(const std::string& id, const std::string& what) {
    fmt::print(stderr, "{}: {}\n", printable(id), what);
  }

  Result<void> consider(const StoredLetter& stored) {
    const Result<DeadLetter> letter = read_dead_letter(stored.id, stored.bson);
    if (!letter) {
      ++summary_.refused;
      return tell(stored.id, "it " + letter.error().message), Result<void>{};
    }
    if (is_too_old(*letter)) {
      ++summary_.too_old;
      tell(stored.id,
           "it was parked longer ago than a tombstone lives, so a removal that came after it may be forgotten: write "
           "the item anew in its table, then drop this one");
      return {};
    }
    auto change = decoder_.change_of(*letter);
    if (change) return take_change(stored.id, *letter, *std::move(change));
    if (change.error().kind != ErrorKind::poison) return std::move(change).error();
    return refuse(stored.id, change.error().message);
  }

  bool is_too_old(const DeadLetter& letter) {
    const auto at = Clock::Time(std::chrono::milliseconds(letter.at_milliseconds));
    return clock_.now() - at > tombstone_life_;
  }

  Result<void> take_change(const std::string& id, const DeadLetter& letter, std::optional<Change> change) {
    if (change && !was_buried(letter, *change)) {
      batch_.push_back(*std::move(change));
      ids_.push_back(id);
      return {};
    }
    ++(change ? summary_.stale : summary_.filtered);
    done_.push_back(id);
    return {};
  }

  Result<void> refuse(const std::string& id, const std::string& cause) {
    ++summary_.refused;
    tell(id, cause);
    return letters_.count_attempt(id);
  }

  Result<void> apply() {
    std::set<std::size_t> refused;
    if (!batch_.empty()) {
      ASSIGN_OR_RETURN(const Applied applied, target_.apply(batch_));
      summary_.applied += applied.upserted + applied.removed;
      summary_.stale += applied.stale + applied.coalesced;
      for (const Refused& fault : applied.refused) {
        refused.insert(fault.index);
        RETURN_IF_ERROR(refuse(ids_.at(fault.index), "it " + fault.cause));
      }
    }
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      if (!refused.contains(i)) done_.push_back(ids_[i]);
    }
    RETURN_IF_ERROR(letters_.drop(done_));
    batch_.clear();
    ids_.clear();
    done_.clear();
    return {};
  }

  LetterDecoder decoder_;
  std::chrono::milliseconds tombstone_life_;
  Target& target_;
  DeadLetters& letters_;
  Clock& clock_;
  LettersSummary& summary_;
  std::vector<Change> batch_;
  std::vector<std::string> ids_;   // of the changes in the batch
  std::vector<std::string> done_;  // to be dropped
};

Result<void> replay_all(DeadLetters& letters, const std::atomic<bool>& stop, LetterReplayer& replayer) {
  std::optional<std::string> last;
  while (!stop.load()) {
    ASSIGN_OR_RETURN(const std::vector<StoredLetter> page, letters.page(last));
    if (page.empty()) break;
    last = page.back().id;
    RETURN_IF_ERROR(replayer.take(page));
  }
  return {};
}

Result<void> replay_some(const std::vector<std::string>& ids, DeadLetters& letters, const std::atomic<bool>& stop,
                         LetterReplayer& replayer) {
  std::set<std::string> seen;
  for (const std::string& id : ids) {
    if (stop.load()) break;
    if (!seen.insert(id).second) continue;
    ASSIGN_OR_RETURN(std::optional<StoredLetter> letter, letters.find(id));
    if (!letter) {
      replayer.tell_missing(id);
      continue;
    }
    RETURN_IF_ERROR(replayer.take({*std::move(letter)}));
  }
  return {};
}

}  // namespace

Result<void> replay_letters(const Config& config, const ReplayLettersOptions& options, Target& target,
                            DeadLetters& letters, Clock& clock, const std::atomic<bool>& stop,
                            LettersSummary& summary) {
  LetterReplayer replayer(config, options, target, letters, clock, summary);
  Result<void> replayed =
      options.ids.empty() ? replay_all(letters, stop, replayer) : replay_some(options.ids, letters, stop, replayer);
  if (replayed && stop.load())
    replayed = fatal("stopped by a signal; what was applied is kept, and the same command continues");
  if (replayed) return target.drain();
  static_cast<void>(target.break_off());
  return replayed;
}

}  // namespace dynatlas
