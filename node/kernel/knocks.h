// How often strangers may knock (bring an invitation): each identity and each place on the network
// has its own rate, so that one who knocks all the time keeps nobody else out, and all together
// have one, since a knock costs signatures to check. Places are those by which new identities are
// counted: an IPv4 /24 or an IPv6 /48. What the tables do not hold starts afresh.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/permit_rate.h"
#include "base/recent_table.h"
#include "base/time.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace kernel {

class Knocks {
 public:
  static constexpr std::size_t remembered_max = 1'024;  // of each kind

  // Whether a knock of that one, from there, is looked at.
  [[nodiscard]] bool take(const base::NodeId& id, const base::Endpoint& from, base::Instant now);
  [[nodiscard]] std::size_t remembered() const { return identities_.size() + places_.size(); }

 private:
  // An honest one knocks every two seconds at each door that it knows.
  struct OfIdentity {
    base::PermitRate rate{1, 3};
  };
  struct OfPlace {
    base::PermitRate rate{10, 30};
  };
  using Place = std::array<std::uint8_t, 15>;

  base::PermitRate all_{100, 200};
  base::RecentTable<base::NodeId, OfIdentity> identities_{remembered_max};
  base::RecentTable<Place, OfPlace> places_{remembered_max};
};

}  // namespace kernel
