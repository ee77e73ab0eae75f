// SPDX-License-Identifier: Apache-2.0
#include "simulation/fiber.h"

#include <sys/mman.h>

#include <cstdint>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define DYNATLAS_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DYNATLAS_ADDRESS_SANITIZER 1
#endif
#endif

#ifdef DYNATLAS_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace dynatlas::simulation {

namespace {

// AddressSanitizer keeps a stack of its own beside each; it must be told of every switch.
#ifdef DYNATLAS_ADDRESS_SANITIZER
void start_switch(void** fake_stack, const void* bottom, std::size_t bytes) {
  __sanitizer_start_switch_fiber(fake_stack, bottom, bytes);
}
void finish_switch(void* fake_stack, const void** bottom, std::size_t* bytes) {
  __sanitizer_finish_switch_fiber(fake_stack, bottom, bytes);
}
#else
void start_switch(void**, const void*, std::size_t) {}
void finish_switch(void*, const void**, std::size_t*) {}
#endif

constexpr std::size_t guard_bytes = 4096;  // below a stack: running over it ends the program

}  // namespace

StackPool::~StackPool() {
  for (void* stack : all_) munmap(static_cast<char*>(stack) - guard_bytes, stack_bytes + guard_bytes);
}

void* StackPool::take() {
  if (!free_.empty()) {
    void* stack = free_.back();
    free_.pop_back();
    return stack;
  }
  void* memory = mmap(nullptr, stack_bytes + guard_bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  mprotect(memory, guard_bytes, PROT_NONE);
  all_.push_back(static_cast<char*>(memory) + guard_bytes);
  return all_.back();
}

Fiber::Fiber(StackPool& stacks, std::function<void()> body)
    : stacks_(stacks), body_(std::move(body)), stack_(stacks.take()) {
  getcontext(&own_);
  own_.uc_stack.ss_sp = stack_;
  own_.uc_stack.ss_size = StackPool::stack_bytes;
  own_.uc_link = &owner_;
  // makecontext passes integers only.
  const auto address = reinterpret_cast<std::uintptr_t>(this);
  makecontext(&own_, reinterpret_cast<void (*)()>(&Fiber::begin), 2, static_cast<unsigned>(address >> 32),
              static_cast<unsigned>(address & 0xFFFFFFFF));
}

Fiber::~Fiber() { stacks_.give_back(stack_); }

void Fiber::begin(unsigned high, unsigned low) {
  auto* fiber = reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>(high) << 32 | low);
  finish_switch(nullptr, &fiber->owner_stack_, &fiber->owner_stack_bytes_);
  fiber->body_();
  fiber->ended_ = true;
  start_switch(nullptr, fiber->owner_stack_, fiber->owner_stack_bytes_);  // its own fake stack goes with it
}

void Fiber::resume() {
  start_switch(&owner_fake_stack_, stack_, StackPool::stack_bytes);
  swapcontext(&owner_, &own_);
  finish_switch(owner_fake_stack_, nullptr, nullptr);
}

void Fiber::stop() {
  start_switch(&own_fake_stack_, owner_stack_, owner_stack_bytes_);
  swapcontext(&own_, &owner_);
  finish_switch(own_fake_stack_, &owner_stack_, &owner_stack_bytes_);
}

}  // namespace dynatlas::simulation
