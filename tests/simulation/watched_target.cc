// SPDX-License-Identifier: Apache-2.0
#include "simulation/watched_target.h"

#include <fmt/format.h>

#include <algorithm>

#include "change/bson.h"

namespace dynatlas::simulation {

Result<Applied> WatchedTarget::apply(std::span<const Change> changes) {
  Result<Applied> applied = target_->apply(changes);
  if (applied) judge(changes, *applied);
  return applied;
}

void WatchedTarget::judge(std::span<const Change> changes, const Applied& applied) {
  const std::uint64_t counted =
      applied.upserted + applied.removed + applied.stale + applied.coalesced + applied.refused.size();
  if (counted != changes.size())
    world_.fail(fmt::format("a batch of {} changes was counted as {}", changes.size(), counted));
  if (applied.stale > 0) world_.saw(Sight::stale_refused);
  if (applied.coalesced > 0) world_.saw(Sight::coalesced);
  const bool waits = std::any_of(applied.refused.begin(), applied.refused.end(),
                                 [](const Refused& refused) { return refused.for_now; });
  if (refused_ && !waits) world_.saw(Sight::written_after_refusal);
  refused_ = waits;
  for (const Refused& refused : applied.refused) {
    world_.saw(refused.for_now ? Sight::user_index_refused : Sight::poison_refused);
    const bool right =
        refused.for_now ? world_.plan.user_index : find_element(changes[refused.index].document, "poison").has_value();
    if (!right) world_.fail("a change was refused: " + refused.cause);
  }
}

Result<void> WatchedTarget::park(std::span<const ParkedRecord> records) {
  RETURN_IF_ERROR(target_->park(records));
  for (const ParkedRecord& record : records)
    if (!world_.parked.insert(record.id).second) world_.saw(Sight::parked_again);
  return {};
}

}  // namespace dynatlas::simulation
