// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "simulation/fiber.h"
#include "simulation/plan.h"

namespace dynatlas::simulation {

// A smaller plan that fails too (fewer changes, workers, faults), found by leaving out one thing after another; of each
// smaller plan some other seeds are tried, since the order of steps changes with it. The same plan gives the same.
Plan shrunk(const Plan& failing, StackPool& stacks);

}  // namespace dynatlas::simulation
