// SPDX-License-Identifier: Apache-2.0
#include "pipeline/iam_login.h"

#include <utility>

#include "target/mongodb/options.h"

namespace dynatlas {

namespace {

AwsKeys keys_of(Credentials credentials) {
  return {std::move(credentials.access_key_id), std::move(credentials.secret_access_key),
          std::move(credentials.session_token), std::move(credentials.source)};
}

Credentials credentials_of(const AwsKeys& keys) {
  return {keys.access_key_id, keys.secret_access_key, keys.session_token, {}, keys.source};
}

}  // namespace

IamLogin::IamLogin(std::unique_ptr<MongoLogin> place, CredentialProvider& credentials, Clock& clock)
    : place_(std::move(place)), credentials_(credentials), clock_(clock) {}

Result<MongoServer> IamLogin::with_keys(MongoServer server, Clock::Time deadline) {
  ASSIGN_OR_RETURN(const MongoUri uri, read_mongo_uri(server.uri));
  if (!uri.wants_keys) return server;
  ASSIGN_OR_RETURN(Credentials credentials, credentials_.current(deadline));
  server.keys = keys_of(std::move(credentials));
  return server;
}

Result<MongoServer> IamLogin::current(Limit limit) {
  const Clock::Time deadline = clock_.now() + limit;
  ASSIGN_OR_RETURN(MongoServer server, place_->current(limit));
  return with_keys(std::move(server), deadline);
}

Result<MongoServer> IamLogin::renewed(const MongoServer& used, Fault fault, Limit limit) {
  const Clock::Time deadline = clock_.now() + limit;
  ASSIGN_OR_RETURN(MongoServer server, place_->renewed({used.uri, {}}, fault, limit));
  const bool asks = fault == Fault::refused && used.keys && used.keys != refused_;
  if (asks) {
    refused_ = used.keys;
    RETURN_IF_ERROR(credentials_.renewed(credentials_of(*used.keys), deadline));
  }
  return with_keys(std::move(server), deadline);
}

}  // namespace dynatlas
