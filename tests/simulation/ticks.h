// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "simulation/function.h"

namespace dynatlas::simulation {

// The schedule that ticks beside the lanes until all is done, and once more when every tombstone is due; it has an
// event of its own behind its first tick. And the person who replays the dead letters.
class Ticks {
 public:
  Ticks(World& world, Function& function, std::size_t number)
      : world_(world),
        function_(function),
        own_change_(world.plan.workers[number].deliveries.at(0).change),
        misfortunes_(world.plan.workers[number].faults) {}

  // All its life, or until somebody else goes on with it. Throws nothing.
  void live();

 private:
  std::optional<Reply> invoke(const std::string& event);
  bool deliver(const std::vector<std::size_t>& batch);
  bool deliver_own();
  bool replay_letters();
  bool settle_all();

  World& world_;
  Function& function_;
  std::size_t own_change_;
  Misfortunes misfortunes_;
  bool ticked_ = false;
};

}  // namespace dynatlas::simulation
