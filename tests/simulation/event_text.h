// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "simulation/plan.h"

namespace dynatlas::simulation {

// The stream of a plan's function.
const std::string& stream_arn(const Plan& plan);

// What the function's dead letter of a change of the history is called (docs/lambda.md).
std::string letter_id_of(const Plan& plan, const PlannedChange& change);

// The event that delivers these changes of the history, which stand in one shard in this order.
std::string event_text(const Plan& plan, std::span<const std::size_t> batch);

// An event of EventBridge.
std::string tick_text();

}  // namespace dynatlas::simulation
