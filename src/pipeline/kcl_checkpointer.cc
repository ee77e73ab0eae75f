// SPDX-License-Identifier: Apache-2.0
#include "pipeline/kcl_checkpointer.h"

#include <fmt/format.h>

#include <random>
#include <utility>

#include "base/printable.h"

namespace dynatlas {

namespace {

constexpr std::chrono::milliseconds pause_first{500};
constexpr std::chrono::milliseconds pause_longest{30'000};
constexpr std::chrono::hours reply_within{1};  // as long as the lease table takes; it is only asked again then

// Names of Java's exceptions. Source: awslabs/amazon-kinesis-client, RecordProcessorCheckpointer.
constexpr std::string_view lease_is_lost = "ShutdownException";
constexpr std::string_view no_lease_table = "InvalidStateException";
constexpr std::string_view place_refused = "IllegalArgumentException";

Result<void> check_fatal(std::string_view name) {
  if (name == no_lease_table) {
    return fatal(
        "the checkpoint failed with InvalidStateException: look whether the lease table, which has the name of the "
        "daemon's applicationName, is there and not being deleted");
  }
  if (name == place_refused) {
    return fatal(
        "the checkpoint failed with IllegalArgumentException, its sequence number is not between the lease's and the "
        "last one delivered: nobody but the daemon may write into the lease table");
  }
  return {};
}

}  // namespace

KclCheckpointer::KclCheckpointer(KclDaemon& daemon, Clock& clock, TellLine tell)
    : daemon_(daemon),
      clock_(clock),
      tell_(std::move(tell)),
      backoff_(pause_first, pause_longest, std::random_device{}()) {}

// The error's name, which is empty where it worked.
Result<std::string> KclCheckpointer::try_once(const std::optional<KclPlace>& place) {
  RETURN_IF_ERROR(daemon_.ask(kcl_checkpoint(place)));
  for (;;) {
    ASSIGN_OR_RETURN(const KclDaemon::Received received, daemon_.receive(reply_within));
    if (received.kind == KclDaemon::Received::Kind::nothing_yet) continue;
    if (received.kind == KclDaemon::Received::Kind::closed)
      return fatal("the MultiLangDaemon closed standard input while it was asked for a checkpoint");
    ASSIGN_OR_RETURN(const KclMessage reply, KclMessage::read(received.line));
    if (reply.action() == KclMessage::Action::checkpoint) return reply.error();
    return fatal(fmt::format("the MultiLangDaemon sent `{}` where it was asked for a checkpoint", reply.action_name()));
  }
}

Result<KclCheckpointer::Outcome> KclCheckpointer::checkpoint(const std::optional<KclPlace>& place, Clock::Time until) {
  backoff_.reset();
  for (;;) {
    ASSIGN_OR_RETURN(const std::string error, try_once(place));
    if (error.empty()) return Outcome::done;
    if (error == lease_is_lost) return Outcome::lease_lost;
    RETURN_IF_ERROR(check_fatal(error));
    const std::chrono::milliseconds pause = backoff_.next();
    const bool again = clock_.now() + pause < until;
    tell_(fmt::format("a checkpoint failed with {}; {}", printable(error),
                      again ? "it is tried again" : "the next one covers it"));
    if (!again) return Outcome::not_yet;
    clock_.sleep(pause);
  }
}

}  // namespace dynatlas
