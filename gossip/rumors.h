// What is still being told: records and accusations that changed a moment ago, each told
// lambda * log2(N + 1) times, the least told first. Keys only; the newest value is taken when a
// packet is filled. SWIM section 4.1.
#pragma once

#include "base/ids.h"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

namespace gossip {

struct RumorKey {
  base::NodeId subject;
  base::NodeId accuser;  // zero: the record of the subject
  auto operator<=>(const RumorKey&) const = default;
};

class RumorQueue {
 public:
  explicit RumorQueue(std::size_t size_max) : size_max_(size_max) {}

  // News about that key: it is told from the start again.
  void add(const RumorKey& key);
  void drop(const RumorKey& key);
  // The accusations against this subject are void.
  void drop_accusations(const base::NodeId& subject);

  enum class Offer : std::uint8_t { taken, no_room, not_for_them, void_now };
  // Offers rumors, least told first, until none is left or two did not fit; counts those taken and
  // drops them after `times` tellings.
  void fill(std::uint32_t times, const std::function<Offer(const RumorKey&)>& offer);

  [[nodiscard]] bool empty() const { return order_.empty(); }
  [[nodiscard]] std::size_t size() const { return order_.size(); }

 private:
  struct Place {
    std::uint32_t told = 0;
    std::uint64_t age = 0;  // newer ones have a smaller number
    auto operator<=>(const Place&) const = default;
  };

  std::size_t size_max_;
  std::uint64_t next_age_ = ~0ULL;
  std::map<RumorKey, Place> places_;
  std::map<Place, RumorKey> order_;  // the same rumors
};

}  // namespace gossip
