#include "mesh/views.h"

#include "base/check.h"

namespace mesh {

std::string_view to_string(AgentCondition condition) {
  switch (condition) {
    case AgentCondition::none:
      return "none";
    case AgentCondition::healthy:
      return "healthy";
    case AgentCondition::unhealthy:
      return "unhealthy";
  }
  CHECK(false);
  return {};
}

std::string_view to_string(RouteVerdict verdict) {
  switch (verdict) {
    case RouteVerdict::chosen:
      return "chosen";
    case RouteVerdict::eligible:
      return "eligible";
    case RouteVerdict::avoided:
      return "avoided";
    case RouteVerdict::excluded:
      return "excluded";
  }
  CHECK(false);
  return {};
}

}  // namespace mesh
