// SPDX-License-Identifier: Apache-2.0
#include "pipeline/open_mongo.h"

#include <utility>

namespace dynatlas {

MongoTargetOptions mongo_options(const Config& config) {
  MongoTargetOptions options;
  options.state_database = config.state_database.value_or("dynatlas");
  options.times = {config.times.settle_after, config.times.tombstone_life};
  options.patience = config.times.patience;
  return options;
}

Result<std::unique_ptr<TimedTarget>> open_timed_mongo(MongoTargetOptions options, MongoLogin& login, Clock& clock,
                                                      MongoLogin::Limit within) {
  ASSIGN_OR_RETURN(std::unique_ptr<MongoPort> port, connect_mongo(login, within));
  options.settles_by_itself = false;
  options.on_documents = IndexOnDocuments::refuse;
  return std::unique_ptr<TimedTarget>(std::make_unique<MongoTarget>(std::move(port), clock, std::move(options)));
}

}  // namespace dynatlas
