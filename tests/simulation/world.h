// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <vector>

#include "simulation/fate.h"
#include "simulation/fiber.h"
#include "simulation/plan.h"

namespace dynatlas::simulation {

// What running a plan came to.
struct Outcome {
  std::string wrong;  // empty where collection and table are equal and every promise was kept
  std::array<bool, static_cast<std::size_t>(Sight::count_)> seen{};
  std::vector<std::string> steps;  // where they were asked for
};

// Runs a plan: workers apply their changes through MongoTarget to one simulated server, and at the end, when all that
// live are done and every tombstone has settled, the collection is compared with the table.
Outcome run(const Plan& plan, StackPool& stacks, bool with_steps);

// The plan for a person: the history, and who does what.
std::vector<std::string> described(const Plan& plan);

}  // namespace dynatlas::simulation
