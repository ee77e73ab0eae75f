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

Error serve(RuntimeApi& api, Handler& handler, Clock& clock) {
  for (int silences = 0;;) {
    Result<Invocation> invocation = api.next();
    if (!invocation) {
      // A process that was frozen for long may find its connection gone.
      if (invocation.error().kind != ErrorKind::retry || ++silences == silences_max) return invocation.error();
      clock.sleep(pause_after_silence);
      continue;
    }
    silences = 0;
    const std::string id = invocation->id;
    if (auto answered = answer(api, id, handler.handle(*std::move(invocation))); !answered) return answered.error();
  }
}

}  // namespace dynatlas
