// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "aws/session.h"
#include "base/result.h"
#include "config/config.h"
#include "target/dead_letters.h"
#include "target/mongodb/login.h"
#include "target/target.h"
#include "target/timed_target.h"

namespace dynatlas {

// Where a verb writes.
struct TargetPlace {
  std::string dump_folder;       // empty: a MongoDB server
  std::string mongodb_uri;       // holds a password: never in a message
  std::string mongodb_database;  // of the URI; empty where it names none
  bool wants_keys = false;       // of AWS, to connect
};

// What `--to` says, else the configuration. Usage where it is neither, or no target.
Result<TargetPlace> target_place(const std::string& to, const Config& config);

// Who connects to a MongoDB server, and what that takes. Outlives its connections.
struct TargetAccess {
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<AwsSession> aws;
  std::unique_ptr<MongoLogin> login;  // null: nobody, for the target is a folder
};

// The configuration file of who gives none: DYNATLAS_CONFIG, else dynatlas.yaml where it is there.
std::optional<std::string> usual_file();

// The configuration, read with what the target's URI says of it, and the target. Outlives the target.
struct ConfiguredTarget {
  Config config;
  TargetPlace place;
  TargetAccess access;
};
Result<ConfiguredTarget> load_config_and_target(const ConfigOptions& options, const std::string& to);

enum class WriteMode : std::uint8_t { apply, dry_run };
// Once `stop` is set, a server that does not work is not asked again.
Result<std::unique_ptr<Target>> open_target(const ConfiguredTarget& configured, WriteMode mode,
                                            const std::atomic<bool>& stop);

// A MongoDB server for a process that says how long each thing may take. It is tried again until then; tombstones are
// settled when the process says so, and no index is built where there are documents. Usage where the target is a
// folder.
Result<std::unique_ptr<TimedTarget>> open_timed_target(const ConfiguredTarget& configured);

// A target with its dead letters, for who looks after them. Usage where it is a folder that dynatlas never wrote: it is
// not made.
struct TargetWithLetters {
  std::unique_ptr<Target> target;
  std::unique_ptr<DeadLetters> letters;  // goes before the target does
};
Result<TargetWithLetters> open_with_letters(const ConfiguredTarget& configured, WriteMode mode);

}  // namespace dynatlas
