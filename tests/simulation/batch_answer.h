// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "simulation/plan.h"

namespace dynatlas::simulation {

// How many changes of a batch are acknowledged by what the function answered, as Lambda reads it: those in front of the
// lowest sequence number that it names; all where it names none; none where the answer is no such list, or names a
// record that is not in the batch.
// Source: AWS Lambda Developer Guide, "Configuring partial batch response with Kinesis Data Streams and Lambda".
std::size_t acknowledged_by(const std::string& answer, const Plan& plan, std::span<const std::size_t> batch);

}  // namespace dynatlas::simulation
