// What the node counts for /metrics beside the counters of membership and data plane. CallMetrics
// is fed by the settled exchanges and transitions that machines emit; ShellCounters are plain
// numbers that the shell keeps or reads when asked. Label values are names that a mesh gives
// itself, so the number of series is bounded: past the bound, a call counts under capability
// "other".
#pragma once

#include "base/time.h"
#include "base/transition.h"
#include "mesh/call.h"

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>

namespace api {

// Upper bounds in seconds, the last bucket (+Inf) is implied. From a fast local answer to a slow
// agent.
inline constexpr std::array<double, 15> duration_buckets{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0};

struct DurationHistogram {
  std::array<std::uint64_t, duration_buckets.size() + 1> counts{};  // of each bucket alone
  std::uint64_t count = 0;
  base::Duration sum{};

  void add(base::Duration took);
};

class CallMetrics {
 public:
  struct RequestKey {
    std::string source;
    std::string destination;
    std::string capability;
    mesh::Outcome outcome = mesh::Outcome::success;
    auto operator<=>(const RequestKey&) const = default;
  };
  // Finds the series of a call without copying its names.
  struct ByNames {
    using is_transparent = void;
    using Names = std::tuple<std::string_view, std::string_view, std::string_view, mesh::Outcome>;
    static Names names(const RequestKey& key) {
      return {key.source, key.destination, key.capability, key.outcome};
    }
    static const Names& names(const Names& names) { return names; }
    bool operator()(const auto& a, const auto& b) const { return names(a) < names(b); }
  };
  using Requests = std::map<RequestKey, std::uint64_t, ByNames>;
  struct OfCapability {
    std::uint64_t attempts = 0;
    DurationHistogram duration;
  };
  struct TransitionKey {
    std::string_view machine;  // string literals, as base::Transition says
    std::string_view from;
    std::string_view to;
    auto operator<=>(const TransitionKey&) const = default;
  };

  explicit CallMetrics(std::size_t series_max = 1'000) : series_max_(series_max) {}

  // `known`: the mesh has that capability, or had it when it was called. Names that are made up
  // count as "other", or else anybody could fill the bound with them.
  void on_settled(const mesh::ExchangeSettled& settled, bool known);
  void on_transition(const base::Transition& transition);

  [[nodiscard]] const Requests& requests() const { return requests_; }
  [[nodiscard]] const std::map<std::string, OfCapability, std::less<>>& capabilities() const {
    return capabilities_;
  }
  [[nodiscard]] const std::map<TransitionKey, std::uint64_t>& transitions() const {
    return transitions_;
  }

 private:
  std::size_t series_max_;
  Requests requests_;                                              // at most series_max_, + "other"
  std::map<std::string, OfCapability, std::less<>> capabilities_;  // as above
  std::map<TransitionKey, std::uint64_t> transitions_;             // as many as machines have
  struct Recent {
    TransitionKey key;
    std::uint64_t* count = nullptr;  // in transitions_, which takes none away
  };
  std::array<Recent, 8> recent_;
  std::size_t recent_next_ = 0;
};

// Each starts at 0 with the process.
struct ShellCounters {
  // Datagrams, as the socket saw them.
  std::uint64_t datagrams_sent = 0;
  std::uint64_t datagrams_received = 0;
  std::uint64_t datagram_bytes_sent = 0;
  std::uint64_t datagram_bytes_received = 0;
  std::uint64_t datagrams_dropped = 0;  // the socket would not take them, or the disk hung

  // TLS links to other nodes.
  std::uint64_t links_open = 0;         // now
  std::uint64_t links_dialled = 0;      // made by us
  std::uint64_t links_accepted = 0;     // made by others
  std::uint64_t links_failed = 0;       // connects and handshakes that came to nothing
  std::uint64_t links_refused = 0;      // of an identity or mesh that is not the expected one
  std::uint64_t link_streams_open = 0;  // now

  // The listener beside the agent.
  std::uint64_t api_connections_open = 0;  // now
  std::uint64_t api_connections = 0;
  std::uint64_t api_connections_refused = 0;  // over the bound
  std::uint64_t api_requests = 0;
  std::uint64_t api_requests_refused = 0;    // foreign host or origin, or not HTTP
  std::uint64_t agent_connections_open = 0;  // now, from the node to its agent

  // Storage.
  std::uint64_t storage_writes = 0;
  std::uint64_t storage_failures = 0;
  std::uint64_t storage_queue = 0;  // now
  bool storage_healthy = true;

  // Of the process, from /proc; nothing: not known on this system.
  struct Process {
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
    std::uint64_t virtual_bytes = 0;
    std::uint64_t open_fds = 0;
    std::uint64_t max_fds = 0;
    std::uint64_t threads = 0;
  };
  // Read only when it is shown: that takes longer than most requests.
  std::function<std::optional<Process>()> process;
};

}  // namespace api
