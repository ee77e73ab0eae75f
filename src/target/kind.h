// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace dynatlas {

// The error of a collection that takes one kind of versions and was given another; `instead` is what a new one would
// be.
Error two_kinds(const std::string& name, const std::string& taken, const std::string& given, std::string_view instead);

}  // namespace dynatlas
