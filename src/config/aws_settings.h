// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "aws/settings.h"
#include "base/result.h"

namespace YAML {  // NOLINT(readability-identifier-naming): the library's name
class Node;
}

namespace dynatlas {

// Reads `aws:`, which fits the schema, or is not there. Usage where its keys do not fit each other.
Result<AwsSettings> read_aws_settings(const YAML::Node& aws, const std::string& file);

}  // namespace dynatlas
