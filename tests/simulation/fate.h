// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "target/mongodb/port.h"

namespace dynatlas::simulation {

class Request;

// What can go wrong between a worker and its server.
enum class Mishap : std::uint8_t {
  refused,          // the server takes nothing: an election, throttling
  connection_lost,  // the worker is told so while the server goes on with what it was sent
  reply_lost,       // all was carried out
  no_majority,      // all was carried out, and no majority acknowledged it in time
  statement_failed  // one statement alone: an interruption, a conflict
};

// What happened, for the shares that a run reports.
enum class Sight : std::uint8_t {
  stale_refused,
  duplicate_key,
  duplicate_retried,
  user_index_refused,
  written_after_refusal,
  poison_refused,
  parked_again,
  tombstone_before,
  undone_after,
  settled,
  coalesced,
  stale_read,
  refused,
  connection_lost,
  late_request,
  request_expired,
  reply_lost,
  no_majority,
  statement_failed,
  crash,
  crash_in_flight,
  zombie_died,
  zombie_slept,
  repeated_batch,
  old_change,
  young_change,
  copied_item,
  undated_item,
  soft_delete,
  object_id,
  unguarded,
  of_kinesis,
  of_streams,
  aggregated,
  out_of_order,
  two_shards,
  two_lanes,
  second_mapping,
  warm,
  part_failed,
  all_failed,
  bisected,
  killed_by_timeout,
  outlived_timeout,
  answer_lost,
  delivered_anew,
  unreadable_parked,
  letters_replayed,
  outage,
  ticked,
  count_
};

// Decides what happens around a port's steps. The default is fair weather: nothing does.
class Fate {
 public:
  virtual ~Fate() = default;

  virtual Clock::Time now() = 0;

  // A choice out of `limit`.
  virtual std::size_t below(std::size_t limit) = 0;

  // Between two steps: others may come first, time passes; throws Crashed where the worker dies here.
  virtual void at_step(const CollectionName&) {}

  // Between two calls of the port.
  virtual void after_call(const CollectionName&) {}

  // Whether it happens here; asked once wherever it can.
  virtual bool happens(Mishap) { return false; }

  // The worker is told that the time of a call is over.
  virtual void ran_out_of_time() { saw(Sight::request_expired); }

  // What the server goes on with after the worker stopped to wait for it.
  virtual void left_behind(std::unique_ptr<Request>) {}

  // The oldest state that a majority read may show, where the session has not seen a newer one.
  virtual Clock::Time majority_since() { return now(); }

  virtual void saw(Sight) {}

  // Whether somebody follows; then each step is told.
  virtual bool is_followed() const { return false; }
  virtual void tell(const std::string&) {}
};

// The end of a worker, at a step of its port.
struct Crashed {
  bool request_goes_on = false;
};

}  // namespace dynatlas::simulation
