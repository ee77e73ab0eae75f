// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/server_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "target/mongodb/libmongoc/owned.h"
#include "target/mongodb/server_codes.h"

namespace dynatlas {

namespace {

constexpr std::int32_t user_not_found = 11;
constexpr std::int32_t authentication_failed = 18;
constexpr std::int32_t atlas_error = 8000;

// Labels by which a server says that the same command may work later, whatever its code.
constexpr std::array retry_labels = {"RetryableWriteError", "TransientTransactionError", "SystemOverloadedError"};

bool says_retry(const bson_t& reply) {
  return std::any_of(retry_labels.begin(), retry_labels.end(),
                     [&](const char* label) { return mongoc_error_has_label(&reply, label); });
}

// Atlas has one code for all its refusals, and tells them apart in the text: too much at a time passes, a plan's other
// limits do not.
bool atlas_throttles(std::string_view message) {
  std::string text(message);
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::array signs = {"too many", "throttl", " rate", "connection"};
  return std::any_of(signs.begin(), signs.end(),
                     [&](const char* sign) { return text.find(sign) != std::string::npos; });
}

CodeClass class_of_reply(std::int32_t code, std::string_view message, const bson_t& reply) {
  if (says_retry(reply)) return CodeClass::retry;
  if (code == atlas_error) return atlas_throttles(message) ? CodeClass::retry : CodeClass::fatal;
  return class_of(code);
}

std::string_view fix_of(std::int32_t code) {
  switch (code) {
    case 13:
      return "grant the user the role readWrite on this database and on the state database";
    case user_not_found:
    case authentication_failed:
      return "check the user name, the password and authSource";
    case 61:
      return "shard the collection by _id";
    case 79:
    case 100:
      return "make the write concern majority possible on this replica set";
    case 13297:
      return "there is a database of the same name in other capital and small letters: name that one";
    case atlas_error:
      return "Atlas refuses it for this cluster: look at the limits of its tier, and at its disk quota";
    default:
      return "this server cannot do it: MongoDB 4.4 or newer is needed, and a plain collection";
  }
}

std::string describe(std::int32_t code) {
  return code == atlas_error ? "error 8000 (AtlasError)" : describe_code(code);
}

Error error_of_code(const CommandName& command, std::int32_t code, CodeClass what) {
  if (what == CodeClass::fatal)
    return fatal(fmt::format("{}: MongoDB refused it with {}: {}", command.text(), describe(code), fix_of(code)));
  return retry(fmt::format("{}: MongoDB answered with {}", command.text(), describe(code)));
}

std::string_view step_text(ConnectFailure::Step step) {
  switch (step) {
    case ConnectFailure::Step::name_resolution:
      return "its name cannot be resolved";
    case ConnectFailure::Step::tls:
      return "TLS could not be agreed on";
    case ConnectFailure::Step::connect:
      break;
  }
  return "it cannot be connected to";
}

Error error_of_connection(const CommandName& command, const Connections& connections) {
  if (const auto& failure = connections.failure())
    return retry(fmt::format("{}: host {}: {}", command.text(), failure->host, step_text(failure->step)));
  if (connections.timed_out() || connections.time_left().count() == 0)
    return retry(fmt::format("{}: no answer within {} ms", command.text(), connections.limit().count()));
  if (connections.lost()) return retry(fmt::format("{}: the connection to MongoDB was lost", command.text()));
  return retry(fmt::format("{}: no server takes writes just now", command.text()));
}

bool is_servers_own(const bson_error_t& error) {
  return error.domain == MONGOC_ERROR_SERVER || error.domain == MONGOC_ERROR_WRITE_CONCERN ||
         error.domain == MONGOC_ERROR_QUERY || error.domain == MONGOC_ERROR_COLLECTION;
}

bool is_no_sense(const bson_error_t& error) {
  return error.domain == MONGOC_ERROR_PROTOCOL || error.domain == MONGOC_ERROR_BSON ||
         error.domain == MONGOC_ERROR_CURSOR;
}

Error unreachable(const ConnectFailure& failure) {
  switch (failure.step) {
    case ConnectFailure::Step::name_resolution:
      return retry(fmt::format(
          "the host name {} of the MongoDB URI cannot be resolved: check its spelling and this machine's DNS",
          failure.host));
    case ConnectFailure::Step::tls:
      return retry(
          fmt::format("no TLS connection to MongoDB on host {}: {}: check tls, tlsCAFile and "
                      "tlsCertificateKeyFile in the URI, and the server's certificate",
                      failure.host, failure.reason));
    case ConnectFailure::Step::connect:
      break;
  }
  return retry(
      fmt::format("MongoDB on host {} cannot be connected to: check that it runs and listens there, the port in the "
                  "URI, firewalls, and with Atlas the IP access list",
                  failure.host));
}

Error error_of_selection(const bson_error_t& error, const Connections& connections) {
  if (is_too_old(error)) return fatal("this MongoDB server is too old or too new: versions from 4.4 on are supported");
  if (connections.failure()) return unreachable(*connections.failure());
  if (connections.lost() || std::string_view(error.message).find("calling") != std::string_view::npos) {
    return retry(
        "MongoDB accepts the connection, but does not answer: where the server requires TLS, add tls=true to the URI; "
        "check that the port is MongoDB's");
  }
  return retry(
      "no MongoDB server takes writes: where the URI names one member of a replica set, name the set by replicaSet; "
      "else wait until the set has a primary, and run again");
}

}  // namespace

std::string CommandName::text() const { return fmt::format("{} of {}", verb, collection.text()); }

std::int32_t code_in(const bson_t& reply) {
  bson_iter_t iter;
  bson_iter_t child;
  if (bson_iter_init_find(&iter, &reply, "code") && BSON_ITER_HOLDS_NUMBER(&iter))
    return static_cast<std::int32_t>(bson_iter_as_int64(&iter));
  if (bson_iter_init(&iter, &reply) && bson_iter_find_descendant(&iter, "writeConcernError.code", &child) &&
      BSON_ITER_HOLDS_NUMBER(&child))
    return static_cast<std::int32_t>(bson_iter_as_int64(&child));
  return 0;
}

Error senseless_answer(const CommandName& command) {
  return retry(fmt::format("{}: the server's answer makes no sense", command.text()));
}

Error error_of_command(const CommandName& command, const bson_error_t& error, const bson_t& reply,
                       const Connections& connections) {
  const std::int32_t code = code_in(reply);
  if (code != 0) return error_of_code(command, code, class_of_reply(code, error.message, reply));
  if (is_servers_own(error)) {
    const auto its = static_cast<std::int32_t>(error.code);
    return error_of_code(command, its, class_of_reply(its, error.message, reply));
  }
  if (is_no_sense(error)) return senseless_answer(command);
  return error_of_connection(command, connections);
}

// libmongoc has one code for this, but passes on what the server says in a conversation of MONGODB-AWS. Atlas says
// `bad auth : ..` there.
bool is_refusal(const bson_error_t& error, const Connections& connections) {
  if (error.domain == MONGOC_ERROR_CLIENT && error.code == MONGOC_ERROR_CLIENT_AUTHENTICATE) return !connections.lost();
  if (!is_servers_own(error)) return false;
  if (error.code == atlas_error) return std::string_view(error.message).find("bad auth") != std::string_view::npos;
  return error.code == user_not_found || error.code == authentication_failed;
}

std::string refused_keys(const AwsKeys& keys) {
  return fmt::format(
      "MongoDB refused the AWS credentials of {}: make the ARN of their user or role a database user (in Atlas by the "
      "method AWS IAM), and check this machine's clock",
      keys.source);
}

bool is_too_old(const bson_error_t& error) {
  return error.code == MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION ||
         error.code == MONGOC_ERROR_SERVER_SELECTION_BAD_WIRE_VERSION;
}

Error error_of_start(const bson_error_t& error, const bson_t& reply, const Connections& connections) {
  if (error.domain == MONGOC_ERROR_SERVER_SELECTION || is_too_old(error)) return error_of_selection(error, connections);
  if (is_refusal(error, connections)) {
    return fatal(
        "MongoDB refused the user name or password: check both, authSource (the database of the user, often admin) "
        "and authMechanism in the URI");
  }
  const std::int32_t code = code_in(reply);
  if (code != 0 && class_of_reply(code, error.message, reply) == CodeClass::retry)
    return retry(fmt::format("MongoDB answered a first ping with {}: run again", describe(code)));
  if (code != 0) return fatal(fmt::format("MongoDB refused a first ping with {}: {}", describe(code), fix_of(code)));
  if (connections.failure()) return unreachable(*connections.failure());
  if (!connections.lost())
    return fatal("MongoDB's first answers make no sense: check that the URI names a MongoDB server");
  return retry("the connection to MongoDB was lost while it was made: check the server's log, and run again");
}

}  // namespace dynatlas
