// SPDX-License-Identifier: Apache-2.0
#include "simulation/ticks.h"

#include <algorithm>
#include <vector>

#include "simulation/batch_answer.h"
#include "simulation/event_text.h"

namespace dynatlas::simulation {

namespace {

constexpr int tries_max = 100;

// The change and those that stand in one aggregated record with it.
std::vector<std::size_t> record_of(const Plan& plan, std::size_t change) {
  std::vector<std::size_t> record;
  for (std::size_t i = 0; i < plan.history.size(); ++i) {
    const PlannedChange& other = plan.history[i];
    if (other.shard == plan.history[change].shard && other.sequence == plan.history[change].sequence)
      record.push_back(i);
  }
  std::sort(record.begin(), record.end(),
            [&](std::size_t a, std::size_t b) { return plan.history[a].part < plan.history[b].part; });
  return record;
}

}  // namespace

// Nothing where its time ended, and somebody else goes on.
std::optional<Reply> Ticks::invoke(const std::string& event) {
  Reply reply = function_.invoke(misfortunes_, event, [this] { world_.scheduler.add([this] { live(); }); });
  return reply.kind == Reply::Kind::late ? std::nullopt : std::optional(std::move(reply));
}

void Ticks::live() {
  while (world_.active > 0) {
    if (ticked_ || world_.choices.one_in(2)) world_.scheduler.sleep_until(world_.next_pass());
    ticked_ = true;
    const std::optional<Reply> reply = invoke(tick_text());
    if (!reply) return;
    if (reply->kind == Reply::Kind::answered) world_.saw(Sight::ticked);
    if (!deliver_own()) return;
  }
  if (settle_all() && replay_letters()) settle_all();
}

// Until it is acknowledged. False where somebody else goes on, or it never is.
bool Ticks::deliver(const std::vector<std::size_t>& batch) {
  for (int tries = 0; tries < tries_max && world_.outcome.wrong.empty(); ++tries) {
    const std::optional<Reply> reply = invoke(event_text(world_.plan, batch));
    if (!reply) return false;
    const bool answered = reply->kind == Reply::Kind::answered;
    if (answered && acknowledged_by(reply->text, world_.plan, batch) == batch.size()) return true;
  }
  world_.fail("an event is delivered again and again, and never acknowledged");
  return false;
}

// Once.
bool Ticks::deliver_own() {
  if (world_.acknowledged.contains(own_change_)) return true;
  if (!deliver({own_change_})) return false;
  world_.acknowledged.emplace(own_change_, false);
  return true;
}

// What a unique index refused for so long that it was parked comes again, as `dynatlas dlq replay` does it; more than
// once, for one may free the value of another. False where there is none, or somebody else goes on.
bool Ticks::replay_letters() {
  std::vector<std::size_t> due;
  for (std::size_t i = 0; i < world_.plan.history.size(); ++i)
    if (!world_.plan.history[i].poison && world_.parked.contains(world_.letter_id(i))) due.push_back(i);
  for (std::size_t round = 0; round < due.size(); ++round) {
    for (const std::size_t change : due)
      if (!deliver(record_of(world_.plan, change))) return false;
  }
  if (!due.empty()) world_.saw(Sight::letters_replayed);
  return !due.empty();
}

// When every tombstone is due. False where somebody else goes on, or it never settles.
bool Ticks::settle_all() {
  world_.scheduler.sleep_until(world_.scheduler.now() + settle_after * 3 / 2);
  if (!deliver_own()) return false;
  for (int tries = 0; tries < tries_max && world_.outcome.wrong.empty(); ++tries) {
    const std::optional<Reply> reply = invoke(tick_text());
    if (!reply) return false;
    if (reply->kind == Reply::Kind::answered) return true;
  }
  world_.fail("the function never settles");
  return false;
}

}  // namespace dynatlas::simulation
