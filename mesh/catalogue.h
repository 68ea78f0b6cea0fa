// The catalogue: which nodes provide which capability, from configuration (this node's agent) and
// membership (all others). Indexed by the name of the capability, so that a call looks only at
// those who claim it and its cost does not grow with the mesh.
//
// Invariant: providers_of(name) holds exactly the known nodes whose descriptor lists `name`.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/descriptor.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mesh {

// Best first: what a member says of itself, joined with what the mesh thinks of it.
enum class Availability : std::uint8_t {
  serving,
  at_capacity,
  suspect,
  degraded,  // only some of the mesh reach it
  joining,
  draining,  // from here on never for a new call
  left,
  dead,
};
[[nodiscard]] std::string_view to_string(Availability availability);
[[nodiscard]] bool takes_calls(Availability availability);

struct ProviderLoad {
  std::uint32_t in_flight = 0;
  std::uint32_t concurrency = 0;  // 0 = not limited
  base::Duration latency{};       // moving average of its agent's answers; 0 = not known
  bool operator==(const ProviderLoad&) const = default;
};

struct Provider {
  std::string name;
  Availability availability = Availability::serving;
  ProviderLoad load;
  // Shared by whoever caches descriptors by digest and by the catalogue, and never changed: many
  // nodes say the same, and a new load must not copy it. Nothing: no agent, or not pulled yet.
  std::shared_ptr<const AgentDescriptor> descriptor;
};

// What this node's own calls to a provider showed.
struct Standing {
  std::uint32_t outstanding = 0;  // our attempts there now
  base::Duration latency{};       // moving average of the time to the head; 0 = none seen
  base::Instant latency_seen;     // when it was last fed
  std::uint32_t failures = 0;     // in a row
  base::Instant avoid_until;      // after a failure: only if nobody better is left
};

class Catalogue {
 public:
  struct Entry {
    base::NodeId node;
    Provider provider;
    Standing standing;  // what this node's own calls showed; survives a change of the provider
  };
  // One node's claim to one capability; both pointers are never null and live as long as the entry.
  struct Offer {
    const Entry* entry = nullptr;
    const Capability* capability = nullptr;
  };
  using Offers = std::vector<Offer>;
  using Index = std::map<std::string, Offers, std::less<>>;

  Catalogue() = default;
  Catalogue(const Catalogue&) = delete;  // the index points into the entries
  Catalogue& operator=(const Catalogue&) = delete;

  void put(const base::NodeId& node, Provider provider);
  void remove(const base::NodeId& node);

  [[nodiscard]] const Provider* find(const base::NodeId& node) const;
  [[nodiscard]] Standing* standing(const base::NodeId& node);  // nothing: not known (any more)
  // In the order of node ids; empty if nobody has it.
  [[nodiscard]] const Offers& providers_of(std::string_view capability) const;
  [[nodiscard]] const Index& by_capability() const { return index_; }
  [[nodiscard]] const std::map<base::NodeId, std::unique_ptr<Entry>>& providers() const {
    return entries_;
  }
  // The known capability that `name` may be a typing error of.
  [[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view name) const;

 private:
  void add_offers(const Entry& entry);
  void remove_offers(const Entry& entry);

  std::map<base::NodeId, std::unique_ptr<Entry>> entries_;  // at fixed addresses, for the index
  Index index_;                                             // no empty lists
  const Offers nobody_{};
};

}  // namespace mesh
