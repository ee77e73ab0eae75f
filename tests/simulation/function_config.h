// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/config.h"
#include "simulation/plan.h"

namespace dynatlas::simulation {

// The configuration of a plan's function. It lives as long as the program.
const Config& config_of(const Plan& plan);

}  // namespace dynatlas::simulation
