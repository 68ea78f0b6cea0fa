// What the kernel of the operating system says of this process, for /metrics: read from /proc/self.
#pragma once

#include <cstdint>
#include <optional>

namespace telemetry {

struct ProcessFigures {
  double cpu_seconds = 0;  // user and system
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  std::uint64_t threads = 0;
};

// Nothing where there is no /proc.
[[nodiscard]] std::optional<ProcessFigures> read_process_figures();

}  // namespace telemetry
