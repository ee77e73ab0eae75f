// SPDX-License-Identifier: Apache-2.0
#include "simulation/function.h"

#include "simulation/function_config.h"

namespace dynatlas::simulation {

std::unique_ptr<Environment> Function::take() {
  if (idle_.empty() || world_.choices.one_in(8))
    return std::make_unique<Environment>(world_, config_of(world_.plan), started_++);
  std::swap(idle_[world_.choices.below(idle_.size())], idle_.back());
  std::unique_ptr<Environment> taken = std::move(idle_.back());
  idle_.pop_back();
  return taken;
}

Reply Function::invoke(Misfortunes& misfortunes, const std::string& event, std::function<void()> give_up) {
  std::unique_ptr<Environment> environment = take();
  Reply reply = environment->serve(misfortunes, event, std::move(give_up));
  if (!environment->is_gone()) idle_.push_back(std::move(environment));
  return reply;
}

}  // namespace dynatlas::simulation
