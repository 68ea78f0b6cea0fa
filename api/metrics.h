// /metrics: what the node counts, as Prometheus reads it. Names are a contract (docs/reference);
// ids of calls, tasks and people never become labels.
#pragma once

#include "api/view.h"

#include <string>

namespace api {

[[nodiscard]] std::string metrics(const View& view);

}  // namespace api
