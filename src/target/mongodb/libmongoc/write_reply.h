// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mongoc/mongoc.h>

#include <optional>
#include <span>

#include "target/mongodb/port.h"

namespace dynatlas {

// Reads the server's answer to `update` or `delete` with these statements. Nothing where it cannot be the answer: where
// it lacks a member, names a statement that was not sent or one twice, or where its numbers do not add up (an upsert
// that has no fault has matched or inserted). Such an answer must never be taken for success.
std::optional<WriteReply> read_write_reply(const bson_t& reply, std::span<const UpdateStatement> statements);
std::optional<WriteReply> read_write_reply(const bson_t& reply, std::span<const DeleteStatement> statements);

// Of the answers' lists: the faults of `statements` statements.
std::optional<std::vector<StatementFault>> read_faults(const bson_t& reply, std::size_t statements);

}  // namespace dynatlas
