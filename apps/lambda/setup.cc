// SPDX-License-Identifier: Apache-2.0
#include "setup.h"

#include <cstdlib>
#include <utility>

#include "aws/secrets_manager.h"
#include "aws/session.h"
#include "aws/ssm.h"
#include "target/mongodb/mongo_target.h"
#include "target/mongodb/options.h"

namespace dynatlas {

namespace {

// Lambda gives a process 10 s to start.
constexpr std::chrono::seconds fetch_within{7};

constexpr const char* uri_name = "MONGODB_URI";
constexpr const char* secret_name = "MONGODB_URI_SECRET";
constexpr const char* parameter_name = "MONGODB_URI_PARAMETER";

Result<std::string> fetch_secret(AwsSession& session, const std::string& id, Clock::Time deadline) {
  ASSIGN_OR_RETURN(ServiceClient client, session.client(Service::secrets_manager, id));
  ASSIGN_OR_RETURN(const std::string secret, get_secret(client, id, deadline));
  return text_of_secret(secret, {"MONGODB_URI", "mongodb_uri", "uri", "connectionString"});
}

Result<std::string> fetch_parameter(AwsSession& session, const std::string& name, Clock::Time deadline) {
  ASSIGN_OR_RETURN(ServiceClient client, session.client(Service::ssm, name));
  return get_parameter(client, name, deadline);
}

// What the environment says of where the URI is.
struct UriSource {
  std::optional<std::string> secret;
  std::optional<std::string> parameter;

  bool fetched() const { return secret || parameter; }
};

Result<UriSource> uri_source(const EnvironmentLookup& environment) {
  UriSource source{environment(secret_name), environment(parameter_name)};
  if (source.secret && source.parameter)
    return usage("MONGODB_URI_SECRET and MONGODB_URI_PARAMETER are both set: keep one of them");
  return source;
}

Result<std::string> fetch(const UriSource& source, const Surroundings& around) {
  const Clock::Time deadline = around.clock.now() + fetch_within;
  ASSIGN_OR_RETURN(const std::unique_ptr<AwsSession> session, AwsSession::open({}, around));
  return source.secret ? fetch_secret(*session, *source.secret, deadline)
                       : fetch_parameter(*session, *source.parameter, deadline);
}

bool is_inline(const std::string& text) {
  return text.find_first_of(":\n") != std::string::npos || text.starts_with('{');
}

ConfigOptions config_options(const EnvironmentLookup& environment) {
  ConfigOptions options;
  const auto given = environment("DYNATLAS_CONFIG");
  if (!given) return options;
  options.file = is_inline(*given) ? "DYNATLAS_CONFIG" : *given;
  if (is_inline(*given)) options.text = *given;
  return options;
}

Result<std::string> uri_of(const Config& config, const EnvironmentLookup& environment) {
  if (config.dump_folder) return usage("`target.dump`: a Lambda function writes into a MongoDB server only");
  const auto uri = config.mongodb_uri ? config.mongodb_uri : environment(uri_name);
  if (!uri) {
    return usage(
        "the MongoDB server is missing: set MONGODB_URI, MONGODB_URI_SECRET or MONGODB_URI_PARAMETER, or "
        "target.mongodb.uri in DYNATLAS_CONFIG");
  }
  if (uri->starts_with("mongodb://") || uri->starts_with("mongodb+srv://")) return *uri;
  return usage("the MongoDB server's URI must begin with mongodb:// or mongodb+srv://");
}

}  // namespace

Result<FunctionSetup> read_setup(const Surroundings& around) {
  ASSIGN_OR_RETURN(const UriSource source, uri_source(around.environment));
  if (source.fetched()) {
    ASSIGN_OR_RETURN(const std::string fetched, fetch(source, around));
    setenv(uri_name, fetched.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): no other thread runs yet
  }
  FunctionSetup setup;
  ASSIGN_OR_RETURN(setup.config, Config::load(config_options(around.environment)));
  ASSIGN_OR_RETURN(setup.uri, uri_of(setup.config, around.environment));
  setup.uri_may_change = source.fetched();
  ASSIGN_OR_RETURN(const MongoUri uri, read_mongo_uri(setup.uri));
  if (uri.database.empty()) return setup;
  RETURN_IF_ERROR(setup.config.use_database(uri.database));
  if (!setup.config.state_database) setup.config.state_database = uri.database;
  return setup;
}

Result<std::unique_ptr<TimedTarget>> open_target(const FunctionSetup& setup, Clock& clock) {
  ASSIGN_OR_RETURN(std::unique_ptr<MongoPort> port, connect_mongo({setup.uri}));
  const Config::Times& times = setup.config.times;
  MongoTargetOptions options;
  options.state_database = setup.config.state_database.value_or("dynatlas");
  options.times = {times.settle_after, times.tombstone_life};
  options.patience = times.patience;
  options.settles_by_itself = false;
  options.on_documents = IndexOnDocuments::refuse;
  return std::unique_ptr<TimedTarget>(std::make_unique<MongoTarget>(std::move(port), clock, std::move(options)));
}

}  // namespace dynatlas
