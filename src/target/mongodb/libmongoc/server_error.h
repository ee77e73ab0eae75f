// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mongoc/mongoc.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "target/mongodb/libmongoc/timed_stream.h"
#include "target/mongodb/login.h"
#include "target/mongodb/port.h"

namespace dynatlas {

// A command, as messages name it: "update of shop.customers".
struct CommandName {
  std::string_view verb;
  const CollectionName& collection;

  std::string text() const;
};

// What a command that failed becomes: by its code and labels where the server answered, else by what became of the
// connection. Nothing of the server's text is in the message, for it quotes values.
Error error_of_command(const CommandName& command, const bson_error_t& error, const bson_t& reply,
                       const Connections& connections);

// Whether the server was reached, and does not take us for who we say we are.
bool is_refusal(const bson_error_t& error, const Connections& connections);

// What to do then, where we said it by keys of AWS.
std::string refused_keys(const AwsKeys& keys);

// An answer that cannot be right. Nobody knows what was carried out: the same call again tells.
Error senseless_answer(const CommandName& command);

// Whether libmongoc cannot speak with a server of that version.
bool is_too_old(const bson_error_t& error);

// Why a run cannot begin: fatal, but for what may pass by itself.
Error error_of_start(const bson_error_t& error, const bson_t& reply, const Connections& connections);

// The code that a reply's or a write concern's error has; 0 where it has none.
std::int32_t code_in(const bson_t& reply);

}  // namespace dynatlas
