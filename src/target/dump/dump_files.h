// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dynatlas {

// A collection's name as mongodump spells it in a file's: URL query-escaped and, where that is too long for a file, cut
// at 208 bytes with a hash behind. Source: mongo-tools, common/util/escape and mongodump's intents (reference:
// "mongodump formats").
std::string dump_file_name(std::string_view collection);

// Calls take() with each document of FOLDER/DATABASE/COLLECTION.bson, or its .gz; nothing where there is no such file.
Result<void> read_dump_file(const std::string& folder, const std::string& database, const std::string& collection,
                            const std::function<Result<void>(std::string_view document)>& take);

}  // namespace dynatlas
