// CHECK stops the process when an invariant of ours does not hold, in release builds too: a stopped
// node is safe, a confused one is not. Never for what a peer, operator, network or disk can cause;
// that is a base::Result. One condition per CHECK.
#pragma once

namespace base {

[[noreturn]] void check_failed(const char* condition, const char* file, int line);

}  // namespace base

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::base::check_failed(#condition, __FILE__, __LINE__))
