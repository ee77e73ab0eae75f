// SPDX-License-Identifier: Apache-2.0
#include "termination.h"

#include <pthread.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <utility>

namespace dynatlas {

namespace {

// Good-bye takes as long again at most, and Lambda does not wait longer.
constexpr std::chrono::milliseconds wait_for_busy{100};

// Ends the wait of our own thread.
constexpr int over = SIGUSR1;

sigset_t waited_for() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, over);
  return set;
}

}  // namespace

void hold_sigterm() {
  const sigset_t set = waited_for();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Termination::Termination(std::function<void()> say_good_bye)
    : say_good_bye_(std::move(say_good_bye)), waiting_([this] { wait(); }) {}

Termination::~Termination() {
  pthread_kill(waiting_.native_handle(), over);
  waiting_.join();
}

void Termination::wait() {
  const sigset_t set = waited_for();
  int signal = 0;
  while (sigwait(&set, &signal) != 0) {
  }
  if (signal == over) return;
  if (busy_.try_lock_for(wait_for_busy)) say_good_bye_();
  _exit(0);  // who waits for an invocation, or for us, need not be told
}

}  // namespace dynatlas
