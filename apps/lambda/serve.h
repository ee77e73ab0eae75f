// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "handler.h"
#include "runtime_api.h"
#include "termination.h"

namespace dynatlas {

// Handles invocation after invocation, until Lambda ends the process. Returns why it cannot go on: Lambda then starts
// another process, and what was not answered comes again. `is_outdated` is asked after each answer. `busy` is held on
// the way in, and given up while there is nothing to do.
Error serve(RuntimeApi& api, Handler& handler, Clock& clock, const std::function<bool()>& is_outdated, Busy& busy);

}  // namespace dynatlas
