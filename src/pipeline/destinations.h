// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "change/change.h"
#include "config/config.h"

namespace dynatlas {

// The collections of a run; changes refer to them.
class Destinations {
 public:
  explicit Destinations(const Config& config);

  // Where the configuration sends the table. Fatal where that is a collection of ours or of MongoDB's own, or another
  // table's, be it of the configuration or of the input: the configuration shows only some of them.
  Result<const Destination*> of(std::string_view table);

  // The same of a record that was parked on its way to `parked_to`, which counts where the configuration does not say
  // where the table goes. Poison where that is no collection.
  Result<const Destination*> of_parked(std::string_view table, std::string_view parked_to);

 private:
  struct Owned {
    std::string table;
    Destination destination;
  };

  Result<const Destination*> take(std::string_view table, Config::Namespace target);

  const Config& config_;
  std::map<std::string, const Destination*, std::less<>> by_table_;
  std::map<std::string, Owned> by_target_;
};

}  // namespace dynatlas
