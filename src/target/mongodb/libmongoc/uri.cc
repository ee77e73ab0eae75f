// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cctype>
#include <string_view>

namespace dynatlas {

namespace {

// What libmongoc has to say about a URI while it is read, and says nowhere but in its log.
thread_local std::string* warning = nullptr;  // the first one

void take_log(mongoc_log_level_t level, const char* /*domain*/, const char* message, void* /*context*/) {
  const bool is_of_uri = warning != nullptr && level <= MONGOC_LOG_LEVEL_WARNING;
  if (is_of_uri && warning->empty() && std::string_view(message).find("Deprecated") != 0) *warning = message;
}

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](unsigned char c) { return std::tolower(c); });
  return lowered;
}

bool has_option(const std::string& uri, const std::string& name) {
  const std::size_t query = uri.find('?');
  if (query == std::string::npos || name.empty()) return false;
  const std::string options = lower(uri.substr(query));
  return options.find("?" + name + "=") != std::string::npos || options.find("&" + name + "=") != std::string::npos;
}

// The option that a message of libmongoc's is about: `Unsupported URI option "tsl"`, `Invalid tls: ..`. Empty where it
// names none; what it quotes may as well be a value, a password among them.
std::string option_in(std::string_view message, const std::string& uri) {
  if (message.find("Unsupported compressor") == 0) return MONGOC_URI_COMPRESSORS;
  constexpr std::string_view invalid = "Invalid ";
  const bool is_invalid = message.substr(0, invalid.size()) == invalid;
  const std::size_t begin = is_invalid ? invalid.size() - 1 : message.find_first_of("\"'");
  const std::size_t end = begin == std::string_view::npos ? begin : message.find_first_of("\"':", begin + 1);
  if (end == std::string_view::npos) return {};
  const std::string name = lower(message.substr(begin + 1, end - begin - 1));
  return has_option(uri, name) ? name : std::string();
}

Error unreadable(std::string_view message, const std::string& uri) {
  const std::string option = option_in(message, uri);
  if (!option.empty() && message.find("Unsupported URI option") == 0)
    return usage(fmt::format("the MongoDB URI has an option that is not known: {}: check its spelling, or leave it out",
                             option));
  if (!option.empty()) return usage(fmt::format("the MongoDB URI's option {} has no valid value", option));
  return usage(
      "the MongoDB URI cannot be read: it is mongodb://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE&.. or "
      "mongodb+srv://.., where : / ? # [ ] @ % in user name and password are written as %XX, and options fit together");
}

// libmongoc takes the first @ for the end of the password, and the rest of the password for a host, whose name is no
// secret.
bool has_two_ats(const std::string& uri) {
  const std::size_t scheme = uri.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  const std::string authority = uri.substr(begin, uri.find_first_of("/?", begin) - begin);
  return std::count(authority.begin(), authority.end(), '@') > 1;
}

Result<OwnedUri> parse(const std::string& uri) {
  start_libmongoc();
  std::string said;
  bson_error_t error{};
  warning = &said;
  OwnedUri parsed(mongoc_uri_new_with_error(uri.c_str(), &error));
  warning = nullptr;
  if (!said.empty()) return unreadable(said, uri);  // often tells more than the error
  if (!parsed || has_two_ats(uri)) return unreadable(error.message, uri);
  return parsed;
}

Result<void> check_concerns(const mongoc_uri_t* uri) {
  const mongoc_write_concern_t* write = mongoc_uri_get_write_concern(uri);
  const std::int32_t w = mongoc_write_concern_get_w(write);
  if (w != MONGOC_WRITE_CONCERN_W_DEFAULT && w != MONGOC_WRITE_CONCERN_W_MAJORITY)
    return usage("the MongoDB URI's option w must be majority, or absent: other writes can be lost after an election");
  if (mongoc_write_concern_journal_is_set(write) && !mongoc_write_concern_get_journal(write))
    return usage("the MongoDB URI's option journal must be true, or absent: other writes can be lost in a crash");
  const char* level = mongoc_read_concern_get_level(mongoc_uri_get_read_concern(uri));
  if (level != nullptr && std::string_view(level) != MONGOC_READ_CONCERN_LEVEL_MAJORITY)
    return usage(
        "the MongoDB URI's option readConcernLevel must be majority, or absent: what others read can be rolled back");
  return {};
}

constexpr std::string_view aws_iam = "MONGODB-AWS";

std::string_view mechanism_of(const mongoc_uri_t* uri) {
  const char* mechanism = mongoc_uri_get_auth_mechanism(uri);
  return mechanism == nullptr ? "" : mechanism;
}

// libmongoc would look for keys itself, in fewer places than there are (docs/aws.md).
bool wants_keys(const mongoc_uri_t* uri) {
  return mechanism_of(uri) == aws_iam && mongoc_uri_get_username(uri) == nullptr;
}

void set_keys(mongoc_uri_t* uri, const AwsKeys& keys) {
  mongoc_uri_set_username(uri, keys.access_key_id.c_str());
  mongoc_uri_set_password(uri, keys.secret_access_key.c_str());
  if (keys.session_token.empty()) return;
  Bson properties;
  BSON_APPEND_UTF8(properties.get(), "AWS_SESSION_TOKEN", keys.session_token.c_str());
  mongoc_uri_set_mechanism_properties(uri, properties.get());
}

// libmongoc reads the password that is not there.
Result<void> check_password(const mongoc_uri_t* uri) {
  const std::string_view name = mechanism_of(uri);
  if (name == "MONGODB-X509" || name == "GSSAPI") return {};
  const char* password = mongoc_uri_get_password(uri);
  if (mongoc_uri_get_username(uri) == nullptr || (password != nullptr && *password != '\0')) return {};
  return usage("the MongoDB URI names a user without a password: it is mongodb://USER:PASSWORD@HOST..");
}

Result<void> check_mechanism(const mongoc_uri_t* uri) {
  constexpr std::array<std::string_view, 6> known = {"SCRAM-SHA-1",  "SCRAM-SHA-256", "PLAIN",
                                                     "MONGODB-X509", "MONGODB-AWS",   "GSSAPI"};
  const char* mechanism = mongoc_uri_get_auth_mechanism(uri);
  if (mechanism == nullptr || std::find(known.begin(), known.end(), mechanism) != known.end()) return {};
  return usage(
      fmt::format("the MongoDB URI's option authMechanism must be absent or one of {}", fmt::join(known, ", ")));
}

}  // namespace

void start_libmongoc() {
  static const bool started = [] {
    mongoc_log_set_handler(take_log, nullptr);
    mongoc_init();
    return true;
  }();
  static_cast<void>(started);
}

Result<MongoUri> read_uri(const std::string& uri) {
  ASSIGN_OR_RETURN(const OwnedUri parsed, parse(uri));
  RETURN_IF_ERROR(check_concerns(parsed.get()));
  RETURN_IF_ERROR(check_mechanism(parsed.get()));
  RETURN_IF_ERROR(check_password(parsed.get()));
  const char* database = mongoc_uri_get_database(parsed.get());
  return MongoUri{database == nullptr ? "" : database, wants_keys(parsed.get())};
}

Result<OwnedUri> uri_for_client(const MongoServer& server) {
  ASSIGN_OR_RETURN(OwnedUri parsed, parse(server.uri));
  assert(server.keys || !wants_keys(parsed.get()));
  if (server.keys) set_keys(parsed.get(), *server.keys);
  mongoc_uri_set_option_as_bool(parsed.get(), MONGOC_URI_RETRYWRITES, false);
  if (mongoc_uri_get_appname(parsed.get()) == nullptr) mongoc_uri_set_appname(parsed.get(), "dynatlas");
  return parsed;
}

}  // namespace dynatlas
