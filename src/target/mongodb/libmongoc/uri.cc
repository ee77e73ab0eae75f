// SPDX-License-Identifier: Apache-2.0
#include "target/mongodb/libmongoc/uri.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace dynatlas {

namespace {

// What libmongoc has to say about a URI while it is read, and says nowhere but in its log.
thread_local std::string* warning = nullptr;  // the first one

void take_log(mongoc_log_level_t level, const char* /*domain*/, const char* message, void* /*context*/) {
  if (level <= MONGOC_LOG_LEVEL_WARNING && warning != nullptr && warning->empty()) *warning = message;
}

// The option that a message of libmongoc's is about: `Unsupported URI option "tsl"`. Empty where it names none; what it
// quotes may as well be a value, a password among them.
std::string option_in(std::string_view message, const std::string& uri) {
  const std::size_t begin = message.find_first_of("\"'");
  const std::size_t end = begin == std::string_view::npos ? begin : message.find_first_of("\"'", begin + 1);
  if (end == std::string_view::npos) return {};
  const std::string name(message.substr(begin + 1, end - begin - 1));
  const bool is_word =
      !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c); });
  const std::size_t query = uri.find('?');
  const bool is_option = is_word && query != std::string::npos && [&] {
    std::string options = uri.substr(query);
    std::transform(options.begin(), options.end(), options.begin(), [](unsigned char c) { return std::tolower(c); });
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    return options.find("?" + lower + "=") != std::string::npos || options.find("&" + lower + "=") != std::string::npos;
  }();
  return is_option ? name : std::string();
}

Error unreadable(std::string_view message, const std::string& uri) {
  const std::string option = option_in(message, uri);
  const bool unknown = message.find("Unsupported URI option") != std::string_view::npos;
  if (!option.empty() && unknown)
    return usage(fmt::format("the MongoDB URI has an option that is not known: {}: check its spelling", option));
  if (!option.empty()) return usage(fmt::format("the MongoDB URI's option {} has no valid value", option));
  return usage(
      "the MongoDB URI cannot be read: it is mongodb://USER:PASSWORD@HOST:PORT/DATABASE?OPTION=VALUE&.. or "
      "mongodb+srv://.., where : / ? # [ ] @ % in user name and password are written as %XX, and options fit together");
}

Result<OwnedUri> parse(const std::string& uri) {
  start_libmongoc();
  std::string said;
  bson_error_t error{};
  warning = &said;
  OwnedUri parsed(mongoc_uri_new_with_error(uri.c_str(), &error));
  warning = nullptr;
  if (!parsed) return unreadable(error.message, uri);
  if (!said.empty()) return unreadable(said, uri);
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
  const char* database = mongoc_uri_get_database(parsed.get());
  return MongoUri{database == nullptr ? "" : database};
}

Result<OwnedUri> uri_for_client(const std::string& uri) {
  ASSIGN_OR_RETURN(OwnedUri parsed, parse(uri));
  mongoc_uri_set_option_as_bool(parsed.get(), MONGOC_URI_RETRYWRITES, false);
  if (mongoc_uri_get_appname(parsed.get()) == nullptr) mongoc_uri_set_appname(parsed.get(), "dynatlas");
  return parsed;
}

}  // namespace dynatlas
