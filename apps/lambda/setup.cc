// SPDX-License-Identifier: Apache-2.0
#include "setup.h"

#include <utility>

#include "aws/secrets_manager.h"
#include "aws/ssm.h"
#include "aws/url.h"
#include "pipeline/iam_login.h"
#include "pipeline/open_mongo.h"
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

Result<std::string> fetch(const UriSource& source, AwsSession& session, Clock::Time deadline) {
  return source.secret ? fetch_secret(session, *source.secret, deadline)
                       : fetch_parameter(session, *source.parameter, deadline);
}

bool is_inline(const std::string& text) {
  return text.find_first_of(":\n") != std::string::npos || text.starts_with('{');
}

// `kept`: the URI that Secrets Manager or SSM keeps; none where it is in the environment.
Result<Config> config_with(const EnvironmentLookup& environment, const std::optional<std::string>& kept) {
  ConfigOptions options;
  if (kept) options.variables[uri_name] = *kept;
  if (const auto given = environment("DYNATLAS_CONFIG")) {
    options.file = is_inline(*given) ? "DYNATLAS_CONFIG" : *given;
    if (is_inline(*given)) options.text = *given;
  }
  return Config::load(options);
}

Result<std::string> uri_of(const Config& config, const std::optional<std::string>& given) {
  if (config.dump_folder) return usage("`target.dump`: a Lambda function writes into a MongoDB server only");
  const auto uri = config.mongodb_uri ? config.mongodb_uri : given;
  if (!uri) {
    return usage(
        "the MongoDB server is missing: set MONGODB_URI, MONGODB_URI_SECRET or MONGODB_URI_PARAMETER, or "
        "target.mongodb.uri in DYNATLAS_CONFIG");
  }
  const std::string_view text = trimmed(*uri);
  if (text.starts_with("mongodb://") || text.starts_with("mongodb+srv://")) return std::string(text);
  return usage("the MongoDB server's URI must begin with mongodb:// or mongodb+srv://");
}

// The configuration may say more of the server than what is kept.
Result<std::string> kept_uri(const EnvironmentLookup& environment, const std::string& kept) {
  ASSIGN_OR_RETURN(const Config config, config_with(environment, kept));
  ASSIGN_OR_RETURN(std::string uri, uri_of(config, kept));
  RETURN_IF_ERROR(read_mongo_uri(uri));
  return uri;
}

// Fetches the URI. `aws:` must be known before, and the rest of the configuration must be right: nobody is asked
// before.
Result<std::string> fetch_first(const UriSource& source, const Surroundings& around, FunctionSetup& setup) {
  ASSIGN_OR_RETURN(const Config before, config_with(around.environment, "mongodb://not-fetched-yet"));
  ASSIGN_OR_RETURN(setup.aws, AwsSession::open(before.aws, around));
  return fetch(source, *setup.aws, around.clock.now() + fetch_within);
}

std::unique_ptr<KeptUri> login_of_kept(std::string uri, const UriSource& source, const Surroundings& around,
                                       AwsSession& aws) {
  auto read_again = [source, environment = around.environment, &aws](Clock::Time deadline) -> Result<std::string> {
    ASSIGN_OR_RETURN(const std::string kept, fetch(source, aws, deadline));
    return kept_uri(environment, kept);
  };
  return std::make_unique<KeptUri>(std::move(uri), std::move(read_again), around.clock);
}

}  // namespace

Result<FunctionSetup> read_setup(const Surroundings& around) {
  ASSIGN_OR_RETURN(const UriSource source, uri_source(around.environment));
  FunctionSetup setup;
  std::optional<std::string> kept;
  if (source.fetched()) {
    ASSIGN_OR_RETURN(kept, fetch_first(source, around, setup));
  }
  ASSIGN_OR_RETURN(setup.config, config_with(around.environment, kept));
  ASSIGN_OR_RETURN(const std::string uri, uri_of(setup.config, kept ? kept : around.environment(uri_name)));
  ASSIGN_OR_RETURN(const MongoUri facts, read_mongo_uri(uri));
  if (!facts.database.empty()) RETURN_IF_ERROR(setup.config.use_database(facts.database));
  if (facts.wants_keys && setup.aws == nullptr) {
    ASSIGN_OR_RETURN(setup.aws, AwsSession::open(setup.config.aws, around));
  }
  if (kept) {
    auto login = login_of_kept(uri, source, around, *setup.aws);
    setup.kept = login.get();
    setup.login = std::move(login);
  } else {
    setup.login = std::make_unique<FixedLogin>(uri);
  }
  if (setup.aws != nullptr) {
    setup.login = std::make_unique<IamLogin>(std::move(setup.login), setup.aws->credentials(), around.clock);
  }
  return setup;
}

Result<std::unique_ptr<TimedTarget>> open_target(const FunctionSetup& setup, Clock& clock) {
  return open_timed_mongo(mongo_options(setup.config), *setup.login, clock, fetch_within);
}

}  // namespace dynatlas
