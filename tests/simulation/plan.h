// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "change/rules.h"
#include "change/version.h"

namespace dynatlas::simulation {

// A change of the table: one row of the history, oldest first.
struct PlannedChange {
  int key = 0;
  bool removes = false;
  std::optional<Version> version;  // none: an item of unknown time
  std::string kind;
  int value = 0;
  int unique = 0;       // what the user's unique index is on
  bool poison = false;  // breaks the collection's validator

  // Of a stream that a function reads.
  bool unreadable = false;            // poison that no server sees: the record is damaged
  int shard = 0;                      // where it stands ..
  std::string sequence;               // .. under this number ..
  std::optional<std::uint64_t> part;  // .. inside of an aggregated record: which of its records, from 0
};

// Something that befalls a worker at its n-th step on documents and tombstones, or at the first after it where it can.
struct PlannedFault {
  enum class Kind : std::uint8_t {
    crash,            // the worker starts again
    crash_in_flight,  // .. while the server goes on with what it was sent
    pause,            // it stands still while it waits for the server, and goes on
    pause_between,    // it stands still before its next command
    refused,          // the rest as Mishap says
    connection_lost,
    reply_lost,
    no_majority,
    statement_failed,
    outage  // refused, for as long as the pause says
  };
  Kind kind = Kind::crash;
  std::size_t step = 0;
  std::chrono::milliseconds pause{0};
};

// A process that applies changes in the order given, in batches, and acknowledges each batch.
struct PlannedWorker {
  enum class Role : std::uint8_t {
    live,     // starts again after a crash, until all is acknowledged
    zombie,   // a crash is its end
    lane,     // of an event source mapping: invokes the function with each batch until it is acknowledged
    settling  // applies one change of its own, then settles until the live ones are done; of a function, it ticks
  };
  struct Delivery {
    std::size_t change = 0;  // in the history
    bool ends_batch = false;
  };
  Role role = Role::live;
  std::vector<Delivery> deliveries;
  std::vector<PlannedFault> faults;
  std::chrono::milliseconds begins_after{0};
  std::chrono::milliseconds clock_ahead{0};
  std::size_t rewinds = 0;  // how many deliveries a restart goes back beyond what was acknowledged
};

// A Lambda function and its event source mappings.
struct PlannedFunction {
  bool of_streams = false;  // events of DynamoDB Streams, and not of Kinesis
  bool bisects = false;     // BisectBatchOnFunctionError
  std::chrono::milliseconds timeout{0};
};

// Everything that is decided before a schedule runs; what is left (who goes on at each step, what a stale read shows,
// the order inside a bulk) follows from the seed.
struct Plan {
  std::uint64_t seed = 0;
  IdForm id = IdForm::key;
  bool soft_deletes = false;
  bool guard = true;
  bool user_index = false;
  bool stale_reads = false;
  unsigned stickiness = 0;
  int key_form = 0;
  std::vector<PlannedChange> history;
  std::vector<PlannedWorker> workers;
  std::optional<PlannedFunction> function;
};

inline constexpr std::chrono::milliseconds settle_after = std::chrono::minutes(10);

// When every schedule begins.
inline constexpr Clock::Time begin_of_time{std::chrono::seconds(1'700'000'000)};

// The plan of one schedule, of workers or of the Lambda function. The same number gives the same plan.
Plan make_plan(std::uint64_t seed);
Plan make_function_plan(std::uint64_t seed);

}  // namespace dynatlas::simulation
