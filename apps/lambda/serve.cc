// SPDX-License-Identifier: Apache-2.0
#include "serve.h"

namespace dynatlas {

namespace {

constexpr int silences_max = 5;
constexpr std::chrono::milliseconds pause_after_silence{100};

Result<void> answer(RuntimeApi& api, const std::string& id, const Answer& answer) {
  return answer ? api.respond(id, *answer) : api.fail(id, answer.error());
}

}  // namespace

Error serve(RuntimeApi& api, Handler& handler, Clock& clock, const std::function<bool()>& is_outdated, Busy& busy) {
  for (int silences = 0;;) {
    busy.unlock();
    Result<Invocation> invocation = api.next();
    busy.lock();
    if (!invocation) {
      // A process that was frozen for long may find its connection gone.
      if (invocation.error().kind != ErrorKind::retry || ++silences == silences_max) return invocation.error();
      clock.sleep(pause_after_silence);
      continue;
    }
    silences = 0;
    const std::string id = invocation->id;
    if (auto answered = answer(api, id, handler.handle(*std::move(invocation))); !answered) return answered.error();
    if (is_outdated()) {
      return fatal(
          "another MongoDB server than before is kept by Secrets Manager or SSM: this process ends, and the next one "
          "writes there");
    }
  }
}

}  // namespace dynatlas
