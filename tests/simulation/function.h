// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "simulation/environment.h"

namespace dynatlas::simulation {

// A Lambda function: as many processes as are needed at once, kept for the next invocations.
class Function {
 public:
  explicit Function(World& world) : world_(world) {}

  // As Environment::serve(), by a process that is idle, or a fresh one.
  Reply invoke(Misfortunes& misfortunes, const std::string& event, std::function<void()> give_up);

 private:
  std::unique_ptr<Environment> take();

  World& world_;
  std::vector<std::unique_ptr<Environment>> idle_;
  std::size_t started_ = 0;
};

}  // namespace dynatlas::simulation
