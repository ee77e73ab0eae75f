// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "handler.h"
#include "simulation/planned_fate.h"

namespace dynatlas::simulation {

// What an invocation came to, as Lambda sees it.
struct Reply {
  enum class Kind : std::uint8_t {
    answered,
    failed,  // it said so, or its process ended, or its time
    late     // its time had ended, and whoever invoked it was told so before
  };
  Kind kind = Kind::failed;
  std::string text;  // of an answer
};

// An execution environment: a process of the function, which serves one invocation after another with the production
// Handler.
class Environment : public PlannedFate {
 public:
  Environment(World& world, const Config& config, std::size_t number);

  // One invocation, by whose misfortunes it is befallen. When its time ends and the process lives on, `give_up` is
  // called; the rest of it, and of the fiber that called it, is a zombie's.
  Reply serve(Misfortunes& misfortunes, const std::string& event, std::function<void()> give_up);

  // A process that ended, or whose time ended, serves nobody again.
  bool is_gone() const { return gone_; }

  void at_step(const CollectionName& name) override;

 private:
  // The machine's clock, on which Lambda's time-out may end a sleep.
  class OwnClock : public Clock {
   public:
    explicit OwnClock(Environment& environment) : environment_(environment) {}
    Time now() override { return environment_.now(); }
    void sleep(std::chrono::milliseconds duration) override { environment_.rest(now() + duration); }

   private:
    Environment& environment_;
  };

  void rest(Clock::Time until) override;
  std::unique_ptr<TimedTarget> open();
  Reply handle(const std::string& event);
  Reply end();
  void time_out();

  const Config& config_;
  OwnClock clock_{*this};
  Log log_;
  Handler handler_;
  std::size_t invocations_ = 0;
  bool gone_ = false;

  // Of the invocation in hand.
  Clock::Time deadline_;
  std::function<void()> give_up_;
  bool given_up_ = false;
};

}  // namespace dynatlas::simulation
