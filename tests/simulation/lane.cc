// SPDX-License-Identifier: Apache-2.0
#include "simulation/lane.h"

#include <fmt/format.h>

#include <algorithm>

#include "simulation/batch_answer.h"
#include "simulation/event_text.h"

namespace dynatlas::simulation {

namespace {

constexpr std::int64_t tries_max = 500;
constexpr std::int64_t back_off_seconds_max = 30;

// Whether a newer change of the key, which can be applied, is in the batch.
bool may_be_dropped(const Plan& plan, std::span<const std::size_t> batch, std::size_t change) {
  return std::any_of(batch.begin(), batch.end(), [&](std::size_t other) {
    return other > change && plan.history[other].key == plan.history[change].key && !plan.history[other].poison;
  });
}

}  // namespace

void Lane::live() {
  if (plan_.begins_after.count() > 0) world_.scheduler.sleep_until(world_.scheduler.now() + plan_.begins_after);
  deliver();
}

void Lane::deliver() {
  const auto give_up = [this] {
    world_.scheduler.add([this] {
      fail_all();
      deliver();
    });
  };
  while (world_.outcome.wrong.empty() && has_more()) {
    wait_for_first();
    const Reply reply = function_.invoke(misfortunes_, event_text(world_.plan, batches_.front()), give_up);
    if (reply.kind == Reply::Kind::late) return;
    if (reply.kind == Reply::Kind::answered) {
      take_answer(reply.text);
    } else {
      fail_all();
    }
  }
  world_.be_done();
}

bool Lane::has_more() {
  if (!batches_.empty()) return true;
  Batch batch;
  while (cut_ < plan_.deliveries.size()) {
    const PlannedWorker::Delivery& delivery = plan_.deliveries[cut_++];
    batch.push_back(delivery.change);
    if (delivery.ends_batch) break;
  }
  if (!batch.empty()) batches_.push_back(std::move(batch));
  return !batches_.empty();
}

// A change can be delivered when it has happened.
void Lane::wait_for_first() {
  Clock::Time last = world_.scheduler.now();
  for (const std::size_t change : batches_.front())
    last = std::max(last, Clock::Time(std::chrono::microseconds(world_.plan.history[change].version->t)));
  if (last > world_.scheduler.now()) world_.scheduler.sleep_until(last);
}

void Lane::take_answer(const std::string& answer) {
  Batch& batch = batches_.front();
  const std::size_t count = acknowledged_by(answer, world_.plan, batch);
  for (std::size_t i = 0; i < count; ++i) check(batch, i);
  if (world_.choices.one_in(32)) {
    world_.saw(Sight::answer_lost);
    return fail_all();
  }
  if (count == 0) return fail_all();
  tries_ = 0;
  acknowledged_ += count;
  batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
  if (batch.empty()) return batches_.pop_front();
  world_.saw(Sight::part_failed);
  back_off();
}

void Lane::fail_all() {
  world_.saw(Sight::all_failed);
  if (++tries_ == tries_max) world_.fail("a batch is delivered again and again, and never acknowledged");
  if (world_.plan.function->bisects) bisect();
  if (plan_.rewinds > 0 && !forgot_) forget();
  back_off();
}

// Whether a record begins with the change; a record is never cut.
bool Lane::is_begin(std::size_t change) const { return world_.plan.history[change].part.value_or(0) == 0; }

void Lane::bisect() {
  Batch& batch = batches_.front();
  const auto middle = std::find_if(batch.begin() + std::ssize(batch) / 2, batch.end(),
                                   [this](std::size_t change) { return is_begin(change); });
  if (middle == batch.begin() || middle == batch.end()) return;
  world_.saw(Sight::bisected);
  Batch second(middle, batch.end());
  batch.erase(middle, batch.end());
  batches_.insert(batches_.begin() + 1, std::move(second));
}

// The mapping itself starts again, and has lost what was acknowledged last.
void Lane::forget() {
  forgot_ = true;
  batches_.clear();
  acknowledged_ -= std::min(acknowledged_, plan_.rewinds);
  while (!is_begin(plan_.deliveries[acknowledged_].change)) --acknowledged_;
  cut_ = acknowledged_;
  world_.saw(Sight::delivered_anew);
}

void Lane::back_off() {
  const std::chrono::seconds longest(std::min(tries_, back_off_seconds_max));
  const std::chrono::milliseconds pause(world_.choices.between(0, std::chrono::milliseconds(longest).count()));
  world_.scheduler.sleep_until(world_.scheduler.now() + pause);
}

// What is acknowledged must be there, or in the dead letters.
void Lane::check(std::span<const std::size_t> batch, std::size_t at) {
  const std::size_t index = batch[at];
  const PlannedChange& change = world_.plan.history[index];
  const bool may_be_parked = change.poison || world_.plan.user_index;
  const bool is_parked = may_be_parked && world_.has_letter(world_.letter_id(index));
  if (is_parked && change.unreadable) world_.saw(Sight::unreadable_parked);
  if (is_parked) return;
  if (change.unreadable)
    return world_.fail(fmt::format("{} was acknowledged, and is not in the dead letters", described(change)));
  const bool dropped = may_be_dropped(world_.plan, batch, index);
  // A newer one may wait for a value of a unique index, and this one have been refused, too.
  if (dropped && world_.plan.user_index && !change.removes) return;
  const auto known = world_.acknowledged.try_emplace(index, dropped).first;
  known->second = known->second && dropped;
  const std::string lost = world_.table.lost(index, dropped, world_.server);
  if (!lost.empty()) world_.fail(lost);
}

}  // namespace dynatlas::simulation
