// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace dynatlas {

// From now on the first SIGINT or SIGTERM sets what is returned, and ends a read that waits for a silent pipe. A second
// one of the kind ends the process at once.
const std::atomic<bool>& stop_on_signals();

}  // namespace dynatlas
