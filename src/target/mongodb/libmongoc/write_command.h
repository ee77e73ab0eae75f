// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <string_view>

#include "base/buffer.h"
#include "target/mongodb/port.h"

namespace dynatlas {

// What a server takes, as its answer to `hello` says.
struct ServerLimits {
  std::size_t document_bytes_max = 16 * 1024 * 1024;
  std::size_t statements_max = 100'000;
  bool journal = false;  // the URI asks for it
};

// Writes the command `update` or `delete`, with as many statements as one command takes; returns how many. None where
// the first one does not fit beside the command's other members.
//
// The statements stand in the command's body, which may have 16 KiB more than a document: they are left to what
// libmongoc adds (session, cluster time). Built straight into one buffer, a statement costs half of what libmongoc's
// bulk API takes.
std::size_t write_command(Buffer& out, const CollectionName& name, std::span<const UpdateStatement> statements,
                          const ServerLimits& limits, std::chrono::milliseconds limit);
std::size_t write_command(Buffer& out, const CollectionName& name, std::span<const DeleteStatement> statements,
                          const ServerLimits& limits, std::chrono::milliseconds limit);

}  // namespace dynatlas
