// SPDX-License-Identifier: Apache-2.0
#include "targets.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "base/clock.h"
#include "pipeline/iam_login.h"
#include "pipeline/open_mongo.h"
#include "target/dump/dump_target.h"
#include "target/dump/state.h"
#include "target/mongodb/dry_run.h"
#include "target/mongodb/mongo_letters.h"
#include "target/mongodb/mongo_target.h"
#include "target/mongodb/options.h"

namespace dynatlas {

namespace {

bool is_mongodb(const std::string& to) { return to.starts_with("mongodb://") || to.starts_with("mongodb+srv://"); }

Result<std::unique_ptr<Target>> open_mongodb(const ConfiguredTarget& configured, WriteMode mode,
                                             const std::atomic<bool>* stop) {
  ASSIGN_OR_RETURN(std::unique_ptr<MongoPort> port, connect_mongo(*configured.access.login));
  MongoTargetOptions options = mongo_options(configured.config);
  options.stop = stop;
  if (mode == WriteMode::apply)
    return std::unique_ptr<Target>(std::make_unique<MongoTarget>(std::move(port), system_clock(), std::move(options)));
  return std::unique_ptr<Target>(std::make_unique<MongoDryRun>(std::move(port), system_clock(), options));
}

Result<std::unique_ptr<DumpTarget>> open_dump(const ConfiguredTarget& configured, WriteMode mode) {
  return DumpTarget::open(configured.place.dump_folder,
                          mode == WriteMode::apply ? DumpTarget::Mode::apply : DumpTarget::Mode::dry_run,
                          configured.config.times.tombstone_life);
}

Result<TargetWithLetters> open_dump_with_letters(const ConfiguredTarget& configured, WriteMode mode) {
  const std::string& folder = configured.place.dump_folder;
  if (!has_state(folder))
    return usage(fmt::format("{}: is no folder that dynatlas wrote: it has no .dynatlas/state.sqlite", folder));
  ASSIGN_OR_RETURN(std::unique_ptr<DumpTarget> target, open_dump(configured, mode));
  std::unique_ptr<DeadLetters> letters = target->letters();
  return TargetWithLetters{std::move(target), std::move(letters)};
}

// The letters have a connection of their own.
Result<TargetWithLetters> open_mongodb_with_letters(const ConfiguredTarget& configured, WriteMode mode) {
  ASSIGN_OR_RETURN(std::unique_ptr<Target> target, open_mongodb(configured, mode, nullptr));
  ASSIGN_OR_RETURN(std::unique_ptr<MongoPort> port, connect_mongo(*configured.access.login));
  MongoLettersOptions options;
  options.state_database = mongo_options(configured.config).state_database;
  options.patience = configured.config.times.patience;
  options.dry_run = mode == WriteMode::dry_run;
  return TargetWithLetters{std::move(target), std::make_unique<MongoLetters>(std::move(port), system_clock(), options)};
}

// libcurl is loaded, and AWS's files are read, only where the server asks for AWS's word.
Result<TargetAccess> open_access(const TargetPlace& place, const AwsSettings& settings) {
  TargetAccess opened;
  if (!place.dump_folder.empty()) return opened;
  opened.login = std::make_unique<FixedLogin>(place.mongodb_uri);
  if (!place.wants_keys) return opened;
  ASSIGN_OR_RETURN(opened.http, open_http(http_options("", process_environment)));
  ASSIGN_OR_RETURN(opened.aws, AwsSession::open(settings, {process_environment, *opened.http, system_clock(),
                                                           std::random_device{}()}));
  opened.login = std::make_unique<IamLogin>(std::move(opened.login), opened.aws->credentials(), system_clock());
  return opened;
}

}  // namespace

Result<TargetPlace> target_place(const std::string& to, const Config& config) {
  TargetPlace place;
  if (to.empty() && config.dump_folder) {
    place.dump_folder = *config.dump_folder;
    return place;
  }
  if (to.starts_with("dump:") && to.size() > 5) {
    place.dump_folder = to.substr(5);
    return place;
  }
  if (to.empty() && !config.mongodb_uri)
    return usage(
        "a target is missing: --to mongodb://.. or --to dump:FOLDER, or target.mongodb.uri or target.dump.folder "
        "in the configuration");
  place.mongodb_uri = to.empty() ? *config.mongodb_uri : to;
  if (!is_mongodb(place.mongodb_uri))
    return usage(to.empty() ? "target.mongodb.uri must begin with mongodb:// or mongodb+srv://"
                            : "--to must be mongodb://.., mongodb+srv://.. or dump:FOLDER");
  ASSIGN_OR_RETURN(const MongoUri uri, read_mongo_uri(place.mongodb_uri));
  place.mongodb_database = uri.database;
  place.wants_keys = uri.wants_keys;
  return place;
}

std::optional<std::string> usual_file() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet, and nobody sets variables
  if (const char* named = std::getenv("DYNATLAS_CONFIG"); named != nullptr && *named != '\0') return named;
  std::error_code error;
  return std::filesystem::exists("dynatlas.yaml", error) ? std::optional<std::string>("dynatlas.yaml") : std::nullopt;
}

Result<ConfiguredTarget> load_config_and_target(const ConfigOptions& options, const std::string& to) {
  ASSIGN_OR_RETURN(Config config, Config::load(options));
  ASSIGN_OR_RETURN(TargetPlace place, target_place(to, config));
  if (!place.mongodb_database.empty()) RETURN_IF_ERROR(config.use_database(place.mongodb_database));
  ASSIGN_OR_RETURN(TargetAccess access, open_access(place, config.aws));
  return ConfiguredTarget{std::move(config), std::move(place), std::move(access)};
}

Result<std::unique_ptr<Target>> open_target(const ConfiguredTarget& configured, WriteMode mode,
                                            const std::atomic<bool>& stop) {
  if (configured.place.dump_folder.empty()) return open_mongodb(configured, mode, &stop);
  ASSIGN_OR_RETURN(std::unique_ptr<DumpTarget> target, open_dump(configured, mode));
  return std::unique_ptr<Target>(std::move(target));
}

Result<std::unique_ptr<TimedTarget>> open_timed_target(const ConfiguredTarget& configured) {
  if (!configured.place.dump_folder.empty())
    return usage("the target must be a MongoDB server: give target.mongodb.uri instead of target.dump");
  MongoTargetOptions options = mongo_options(configured.config);
  options.patience = std::chrono::milliseconds::max();
  return open_timed_mongo(std::move(options), *configured.access.login, system_clock());
}

Result<TargetWithLetters> open_with_letters(const ConfiguredTarget& configured, WriteMode mode) {
  return configured.place.dump_folder.empty() ? open_mongodb_with_letters(configured, mode)
                                              : open_dump_with_letters(configured, mode);
}

}  // namespace dynatlas
