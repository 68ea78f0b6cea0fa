// The catalogue: which nodes provide which capability, from configuration (this node's agent) and
// membership (all others). Indexed by the name of the capability, so that a call looks only at
// those who claim it and its cost does not grow with the mesh.
//
// Invariant: providers_of(name) holds exactly the known nodes whose descriptor lists `name`.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "mesh/descriptor.h"
#include "mesh/judge/checks.h"
#include "mesh/standing.h"

#include <cstddef>
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
  base::Duration round_trip{};  // that membership measured; 0 = not yet
  // Shared by whoever caches descriptors by digest and by the catalogue, and never changed: many
  // nodes say the same, and a new load must not copy it. Nothing: no agent, or not pulled yet.
  std::shared_ptr<const AgentDescriptor> descriptor;
};

class Catalogue {
 public:
  struct Entry {
    base::NodeId node;
    Provider provider;
    Reach reach;  // survives a change of the provider
  };
  // One node's claim to one capability. The pointers are never null; the first two live as long as
  // the entry, the last one as long as the offer.
  struct Offer {
    const Entry* entry = nullptr;
    const Capability* capability = nullptr;
    Standing* standing = nullptr;
    // What its answers are held against; shared by all who promise the same. Null: nothing.
    std::shared_ptr<const judge::CompiledCheck> check;
  };
  using Offers = std::vector<Offer>;
  static constexpr std::size_t remembered_max = 4'096;  // standings of those who are gone
  using Index = std::map<std::string, Offers, std::less<>>;

  Catalogue() = default;
  Catalogue(const Catalogue&) = delete;  // the index points into the entries
  Catalogue& operator=(const Catalogue&) = delete;

  void put(const base::NodeId& node, Provider provider);
  void remove(const base::NodeId& node);

  [[nodiscard]] const Provider* find(const base::NodeId& node) const;
  [[nodiscard]] Reach* reach(const base::NodeId& node);  // null: not known (any more)
  // Of one that offers it or did; null if neither.
  [[nodiscard]] Standing* standing(const base::NodeId& node, std::string_view capability);
  [[nodiscard]] const Offer* offer(const base::NodeId& node, std::string_view capability) const;
  // In the order of node ids; empty if nobody has it.
  [[nodiscard]] const Offers& providers_of(std::string_view capability) const;
  [[nodiscard]] const Index& by_capability() const { return index_; }
  [[nodiscard]] const std::map<base::NodeId, std::unique_ptr<Entry>>& providers() const {
    return entries_;
  }
  // The known capability that `name` may be a typing error of.
  [[nodiscard]] std::optional<std::string_view> nearest_name(std::string_view name) const;

 private:
  struct Key {
    base::NodeId node;
    std::string capability;
    auto operator<=>(const Key&) const = default;
  };
  struct KeyView {
    const base::NodeId& node;
    std::string_view capability;
  };
  struct KeyOrder {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      if (const auto order = a.node <=> b.node; order != 0) return order < 0;
      return std::string_view(a.capability) < std::string_view(b.capability);
    }
  };

  void add_offers(const Entry& entry);
  void remove_offers(const Entry& entry);
  [[nodiscard]] Standing& standing_of(const base::NodeId& node, const std::string& capability);
  void forget_standing(const base::NodeId& node, std::string_view capability);

  std::map<base::NodeId, std::unique_ptr<Entry>> entries_;  // at fixed addresses, for the index
  Index index_;                                             // no empty lists
  std::map<Key, Standing, KeyOrder> standings_;  // of every offer, and some of who is gone
  std::size_t offers_ = 0;                       // in all lists of index_
  judge::Checks checks_;
  const Offers nobody_{};
};

}  // namespace mesh
