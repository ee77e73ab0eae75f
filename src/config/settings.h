// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace dynatlas {

// What ${NAME} stands for.
using Variables = std::map<std::string, std::string>;

// Reads the file, where one is given (`text` is what stands in it, where it is no file), puts the settings
// (path.to.key=value) over it, fills in ${NAME} and ${NAME:-default} from `variables`, else from the environment, and
// checks the whole against the schema.
Result<YAML::Node> load_settings(const std::optional<std::string>& file, const std::vector<std::string>& settings,
                                 const std::optional<std::string>& text = {}, const Variables& variables = {});

}  // namespace dynatlas
