// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <thread>

namespace dynatlas {

// Held by who must not be interrupted.
using Busy = std::unique_lock<std::timed_mutex>;

// Keeps SIGTERM from this thread and from all that it starts later: it waits until a Termination takes it. Before any
// other thread starts.
void hold_sigterm();

// Ends the process at SIGTERM, which Lambda sends where the function has an extension, 300 to 500 ms before it kills:
// where nobody is busy it says good-bye to the server first. The exit code is 0, since nothing was left undone; an
// event that is not answered comes again.
class Termination {
 public:
  // `say_good_bye` runs in another thread, and takes a moment. hold_sigterm() came before.
  explicit Termination(std::function<void()> say_good_bye);
  ~Termination();
  Termination(const Termination&) = delete;
  Termination& operator=(const Termination&) = delete;

  // The caller is busy, until he unlocks it or it goes out of scope.
  Busy begin_busy() { return Busy(busy_); }

 private:
  void wait();

  std::function<void()> say_good_bye_;
  std::timed_mutex busy_;
  std::thread waiting_;
};

}  // namespace dynatlas
