// When the traces began that calls of the agent beside this node belong to: the time of a workflow
// (timeout.workflow) runs from the first of its calls, however many its agent makes one after the
// other. A bounded table: the trace that was silent for the longest is forgotten first.
#pragma once

#include "base/recent_table.h"
#include "base/time.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace mesh {

class Workflows {
 public:
  static constexpr std::size_t traces_max = 4'096;
  // No workflow takes longer; what carries the same trace id after that is another one.
  static constexpr base::Duration age_max = std::chrono::hours(1);

  // When the first call of this trace came, which may be this one.
  [[nodiscard]] base::Instant began(std::string_view trace_id, base::Instant now) {
    Workflow& workflow = traces_.use(trace_id);
    if (!workflow.known || now - workflow.began > age_max) workflow = {now, true};
    return workflow.began;
  }

 private:
  struct Workflow {
    base::Instant began;
    bool known = false;
  };
  base::RecentTable<std::string, Workflow> traces_{traces_max};
};

}  // namespace mesh
