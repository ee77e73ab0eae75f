// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <vector>

namespace dynatlas::simulation {

// Memory for the stacks of fibers, used again when a fiber is gone.
class StackPool {
 public:
  StackPool() = default;
  ~StackPool();
  StackPool(const StackPool&) = delete;
  StackPool& operator=(const StackPool&) = delete;

  static constexpr std::size_t stack_bytes = 512 * 1024;

  void* take();
  void give_back(void* stack) { free_.push_back(stack); }

 private:
  std::vector<void*> free_;
  std::vector<void*> all_;
};

// A function with a stack of its own, that runs while its owner lets it and stops where it says. An exception must not
// leave the function, and no fiber may stop while it handles one: a thread has one list of those, whoever runs.
class Fiber {
 public:
  Fiber(StackPool& stacks, std::function<void()> body);
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs it until it stops or ends. A fiber that has begun must end before it is destroyed.
  void resume();

  // Stops this fiber, which runs: resume() returns.
  void stop();

  bool ended() const { return ended_; }

 private:
  static void begin(unsigned high, unsigned low);

  StackPool& stacks_;
  std::function<void()> body_;
  void* stack_;
  ucontext_t own_{};
  ucontext_t owner_{};
  bool ended_ = false;
  // What AddressSanitizer has to know of the stack that is left.
  void* owner_fake_stack_ = nullptr;
  void* own_fake_stack_ = nullptr;
  const void* owner_stack_ = nullptr;
  std::size_t owner_stack_bytes_ = 0;
};

}  // namespace dynatlas::simulation
