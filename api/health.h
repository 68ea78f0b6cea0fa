// What orchestrators ask: is the process alive, has it started, is it well, may it get calls.
//
//   /livez     answers at all: restart it if it does not
//   /startupz  startup conditions hold
//   /healthz   health conditions hold: the disk is writable, ...
//   /readyz    all of them hold, it is a serving member, and its agent is well
#pragma once

#include "api/http.h"
#include "api/view.h"

#include <string>
#include <string_view>
#include <vector>

namespace api {

// Those of the shell, and what the kernel and the counters show.
[[nodiscard]] std::vector<Condition> conditions_of(const View& view);

// Why the shell's condition of that name does not hold; "" if it does, or there is none.
[[nodiscard]] std::string lacking(const View& view, std::string_view condition);

// 200 or 503; the body says which do not hold, and with `verbose` all of them.
[[nodiscard]] Response health_response(const std::vector<Condition>& conditions, bool verbose);

}  // namespace api
