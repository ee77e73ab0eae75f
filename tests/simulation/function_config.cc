// SPDX-License-Identifier: Apache-2.0
#include "simulation/function_config.h"

#include <fmt/format.h>

#include <map>
#include <stdexcept>
#include <tuple>

namespace dynatlas::simulation {

namespace {

Config load_config(const Plan& plan) {
  ConfigOptions options;
  options.file = "simulation";
  options.text = fmt::format(
      "state: {{database: state}}\n"
      "limits: {{settle_after: {}s}}\n"
      "tables: [{{table: items, to: shop.items, key: {}, id: {}, deletes: {}}}]\n",
      settle_after.count() / 1000, plan.key_form == 3 ? "[h, r]" : "[pk]",
      plan.id == IdForm::objectid ? "objectid" : "key", plan.soft_deletes ? "soft" : "remove");
  Result<Config> config = Config::load(options);
  if (!config) throw std::logic_error(config.error().message);
  return *std::move(config);
}

}  // namespace

const Config& config_of(const Plan& plan) {
  static std::map<std::tuple<bool, IdForm, bool>, Config> loaded;  // reading one takes longer than a schedule
  const std::tuple key(plan.key_form == 3, plan.id, plan.soft_deletes);
  const auto found = loaded.find(key);
  return found != loaded.end() ? found->second : loaded.emplace(key, load_config(plan)).first->second;
}

}  // namespace dynatlas::simulation
