// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"

namespace dynatlas {

// Keys of AWS to sign with. All but the id and the source is secret, and never reaches a message.
struct AwsKeys {
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;  // empty for those of a user
  std::string source;         // for messages: "the environment"

  friend bool operator==(const AwsKeys&, const AwsKeys&) = default;
};

// Where a MongoDB server is, and who connects to it.
struct MongoServer {
  std::string uri;                   // mongodb:// or mongodb+srv://; holds the password, and never reaches a message
  std::optional<AwsKeys> keys = {};  // for authMechanism=MONGODB-AWS, where the URI itself has none

  friend bool operator==(const MongoServer&, const MongoServer&) = default;
};

// What a connection is made with, while it may change: passwords are rotated, AWS's credentials expire. A server takes
// a login when a connection is made, and keeps to it: what changes later is for the next connection.
//
// One thread at a time.
class MongoLogin {
 public:
  using Limit = std::chrono::milliseconds;
  enum class Fault : std::uint8_t { refused, unreachable };

  virtual ~MongoLogin() = default;

  // Both take `limit` at most.

  // What to connect with now. It is asked before each session, and so mostly has it at hand.
  virtual Result<MongoServer> current(Limit limit) = 0;

  // The same, after the server refused `used` or could not be reached with it: looked up anew, unless that was done a
  // short while ago.
  virtual Result<MongoServer> renewed(const MongoServer& used, Fault fault, Limit limit) = 0;
};

// A login that is what it is.
class FixedLogin : public MongoLogin {
 public:
  explicit FixedLogin(std::string uri) : server_{std::move(uri)} {}

  Result<MongoServer> current(Limit /*limit*/) override { return server_; }
  Result<MongoServer> renewed(const MongoServer& /*used*/, Fault /*fault*/, Limit /*limit*/) override {
    return server_;
  }

 private:
  MongoServer server_;
};

}  // namespace dynatlas
