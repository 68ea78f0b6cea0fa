#include "gossip/rings.h"

#include "base/check.h"
#include "gossip/hash.h"

#include <algorithm>

namespace gossip {

Rings::Rings(std::size_t rings, const base::MeshId& mesh)
    : salt_(leading_word(mesh.view())), rings_(rings) {
  CHECK(rings > 0);
}

std::uint64_t Rings::position(const base::NodeId& id, std::size_t ring) const {
  std::uint64_t hash = mix(salt_ ^ (ring + 1));
  for (std::size_t at = 0; at < base::NodeId::size; at += 8) {
    hash = mix(hash ^ leading_word(id.view().subspan(at, 8)));
  }
  return hash;
}

Rings::Ring::const_iterator Rings::find(const Ring& ring, const base::NodeId& id,
                                        std::uint64_t position) const {
  auto place = std::lower_bound(ring.begin(), ring.end(), Place{position, 0});
  while (place != ring.end() && place->position == position && ids_[place->slot] != id) ++place;
  return place != ring.end() && place->position == position ? place : ring.end();
}

bool Rings::add(const base::NodeId& id) {
  if (find(rings_.front(), id, position(id, 0)) != rings_.front().end()) return false;
  std::uint32_t slot = 0;
  if (free_.empty()) {
    slot = static_cast<std::uint32_t>(ids_.size());
    ids_.push_back(id);
  } else {
    slot = free_.back();
    free_.pop_back();
    ids_[slot] = id;
  }
  for (std::size_t r = 0; r < rings_.size(); ++r) {
    const Place place{position(id, r), slot};
    rings_[r].insert(std::upper_bound(rings_[r].begin(), rings_[r].end(), place), place);
  }
  ++generation_;
  return true;
}

bool Rings::remove(const base::NodeId& id) {
  const auto first = find(rings_.front(), id, position(id, 0));
  if (first == rings_.front().end()) return false;
  free_.push_back(first->slot);
  for (std::size_t r = 0; r < rings_.size(); ++r) {
    const auto place = find(rings_[r], id, position(id, r));
    CHECK(place != rings_[r].end());
    rings_[r].erase(place);
  }
  ++generation_;
  return true;
}

std::vector<base::NodeId> Rings::monitors(const base::NodeId& subject) const {
  std::vector<base::NodeId> out;
  for (std::size_t r = 0; r < rings_.size(); ++r) {
    const Ring& ring = rings_[r];
    auto place = std::lower_bound(ring.begin(), ring.end(), Place{position(subject, r), 0});
    for (std::size_t steps = 0; steps < ring.size(); ++steps) {
      if (place == ring.begin()) place = ring.end();
      --place;
      const base::NodeId& id = ids_[place->slot];
      if (id == subject || std::find(out.begin(), out.end(), id) != out.end()) continue;
      out.push_back(id);
      break;
    }
  }
  return out;
}

bool Rings::is_monitor(const base::NodeId& monitor, const base::NodeId& subject) const {
  const std::vector<base::NodeId> all = monitors(subject);
  return std::find(all.begin(), all.end(), monitor) != all.end();
}

std::optional<base::NodeId> Rings::successor(const base::NodeId& id, std::uint64_t ring,
                                             std::size_t steps) const {
  const std::size_t r = static_cast<std::size_t>(ring % rings_.size());
  const Ring& places = rings_[r];
  const auto self = find(places, id, position(id, r));
  if (self == places.end() || places.size() < 2) return std::nullopt;
  const auto index = static_cast<std::size_t>(self - places.begin());
  const std::size_t others = places.size() - 1;
  return ids_[places[(index + 1 + (steps - 1) % others) % places.size()].slot];
}

const base::NodeId& Rings::at(std::size_t index) const {
  CHECK(index < size());
  return ids_[rings_.front()[index].slot];
}

}  // namespace gossip
