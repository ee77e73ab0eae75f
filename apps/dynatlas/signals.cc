// SPDX-License-Identifier: Apache-2.0
#include "signals.h"

#include <unistd.h>

#include <csignal>

namespace dynatlas {

namespace {

std::atomic<bool> stop_requested = false;
static_assert(std::atomic<bool>::is_always_lock_free);  // it is set in a signal handler

void handle(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;  // without SA_RESTART: a read that waits for a silent pipe ends, too
  sigaction(signal, &action, nullptr);
}

}  // namespace

// The alarm interrupts, each second, a read that began to wait just after it was last asked whether to stop.
const std::atomic<bool>& stop_on_signals() {
  handle(
      SIGALRM, [](int) { alarm(1); }, 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    handle(
        signal,
        [](int) {
          stop_requested = true;
          alarm(1);
        },
        static_cast<int>(SA_RESETHAND));
  }
  return stop_requested;
}

}  // namespace dynatlas
