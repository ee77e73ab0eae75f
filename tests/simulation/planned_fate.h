// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "simulation/fate.h"
#include "simulation/plan.h"
#include "simulation/shared_world.h"

namespace dynatlas::simulation {

// What is planned to befall a worker, or the invocations of a lane, and how much of it did. The faults outlive it.
struct Misfortunes {
  explicit Misfortunes(const std::vector<PlannedFault>& faults) : planned(faults), fired(faults.size()) {}

  const std::vector<PlannedFault>& planned;
  std::vector<bool> fired;
  Clock::Time outage_ends;
  std::size_t step = 0;   // on documents, tombstones and, of a function, dead letters
  std::size_t count = 0;  // of those that somebody was told of
};

// The fate of a process: what is planned befalls it, and at each of its steps others may go on.
class PlannedFate : public Fate {
 public:
  PlannedFate(World& world, std::string name) : world_(world), name_(std::move(name)) {}

  Clock::Time now() override { return world_.scheduler.now(); }
  std::size_t below(std::size_t limit) override { return world_.choices.below(limit); }
  void at_step(const CollectionName& name) override;
  void after_call(const CollectionName& name) override;
  bool happens(Mishap mishap) override;
  void ran_out_of_time() override;
  void left_behind(std::unique_ptr<Request> request) override;
  Clock::Time majority_since() override;
  void saw(Sight sight) override { world_.saw(sight); }
  bool is_followed() const override { return world_.followed; }
  void tell(const std::string& what) override {
    if (world_.followed) world_.tell(name_, what);
  }

 protected:
  // From now on; they outlive it.
  void suffers(Misfortunes& misfortunes) { suffered_ = &misfortunes; }

  // Does nothing until then.
  virtual void rest(Clock::Time until) { world_.scheduler.sleep_until(until); }

  World& world_;
  std::string name_;

 private:
  bool is_counted(const CollectionName& name) const;
  bool is_due(std::size_t fault) const;
  void stand_still(const PlannedFault& fault);
  void befall(std::size_t fault);

  Misfortunes* suffered_ = nullptr;
};

}  // namespace dynatlas::simulation
