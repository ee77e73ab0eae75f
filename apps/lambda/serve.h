// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "handler.h"
#include "runtime_api.h"

namespace dynatlas {

// Handles invocation after invocation, until Lambda ends the process. Returns why it cannot go on: Lambda then starts
// another process, and what was not answered comes again.
Error serve(RuntimeApi& api, Handler& handler, Clock& clock);

}  // namespace dynatlas
