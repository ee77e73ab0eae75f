// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "source/files/input_file.h"

namespace dynatlas {

// A collection's name as mongodump spells it in a file's: escaped as a segment of a URL's path and, where that is too
// long for a file, cut at 208 bytes with a hash behind. Source: mongo-tools, common/util (EscapeCollectionName) and
// mongodump/prepare.go (outputPath).
std::string dump_file_name(std::string_view collection);

// Opens a file of the folder that is there; where it cannot be read, that is fatal.
Result<InputFile> open_dump_file(const std::string& path);

// Calls take() with each document of FOLDER/DATABASE/COLLECTION.bson, or its .gz; nothing where there is no such file.
Result<void> read_dump_file(const std::string& folder, const std::string& database, const std::string& collection,
                            const std::function<Result<void>(std::string_view document)>& take);

}  // namespace dynatlas
