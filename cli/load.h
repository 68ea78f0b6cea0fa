// Load on one HTTP target over keep-alive connections, from one thread: closed-loop (each
// connection sends its next request when the last is answered) or open-loop (requests are due at a
// fixed rate, and latency counts from when one was due, so that a stalled server is not measured
// too kindly; G. Tene, "How NOT to Measure Latency").
#pragma once

#include "base/time.h"
#include "cli/http_client.h"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace cli {

struct LoadOptions {
  std::string address;  // HOST:PORT
  HttpRequest request;
  std::uint32_t connections = 1;
  std::optional<std::uint64_t> requests;   // ends when so many are answered, or
  std::optional<base::Duration> duration;  // when so much time has passed
  std::optional<double> rate;              // a second, of all connections; nothing = closed loop
  base::Duration answer_timeout = std::chrono::seconds(30);
  // Told now and then: how much of the load is done (0..1), and requests so far.
  std::function<void(double fraction, std::uint64_t requests)> progress;
};

struct LoadReport {
  std::uint64_t requests = 0;                   // answered or failed
  std::map<std::string, std::uint64_t> errors;  // by Parley-Error, "http_<status>" or "connection"
  std::uint64_t bytes = 0;                      // of bodies received
  base::Duration took{};
  std::vector<base::Duration> latencies;  // of answers without error, in ascending order
};

// Ends early when interrupted() (console.h), with what there is until then.
[[nodiscard]] LoadReport run_load(const LoadOptions& options);

// The smallest latency that `share` (0..1) of all do not exceed; 0 of none. `ascending` is sorted.
[[nodiscard]] base::Duration percentile(const std::vector<base::Duration>& ascending, double share);

}  // namespace cli
