#include "mesh/catalogue.h"

#include "base/check.h"
#include "base/strings.h"

#include <algorithm>
#include <utility>

namespace mesh {

std::string_view to_string(Availability availability) {
  switch (availability) {
    case Availability::serving:
      return "serving";
    case Availability::at_capacity:
      return "at_capacity";
    case Availability::suspect:
      return "suspect";
    case Availability::degraded:
      return "degraded";
    case Availability::joining:
      return "joining";
    case Availability::draining:
      return "draining";
    case Availability::left:
      return "left";
    case Availability::dead:
      return "dead";
  }
  CHECK(false);
  return {};
}

bool takes_calls(Availability availability) {
  return availability < Availability::draining;
}

void Catalogue::put(const base::NodeId& node, Provider provider) {
  std::unique_ptr<Entry>& entry = entries_[node];
  if (!entry) entry = std::make_unique<Entry>(Entry{.node = node, .provider = {}, .reach = {}});
  const bool same = entry->provider.descriptor == provider.descriptor;
  if (!same) remove_offers(*entry);  // while the old descriptor still lives
  entry->provider = std::move(provider);
  if (!same) add_offers(*entry);
}

void Catalogue::remove(const base::NodeId& node) {
  const auto found = entries_.find(node);
  if (found == entries_.end()) return;
  remove_offers(*found->second);
  entries_.erase(found);
}

const Provider* Catalogue::find(const base::NodeId& node) const {
  const auto found = entries_.find(node);
  return found == entries_.end() ? nullptr : &found->second->provider;
}

Reach* Catalogue::reach(const base::NodeId& node) {
  const auto found = entries_.find(node);
  return found == entries_.end() ? nullptr : &found->second->reach;
}

Standing* Catalogue::standing(const base::NodeId& node, std::string_view capability) {
  const auto found = standings_.find(KeyView{node, capability});
  return found == standings_.end() ? nullptr : &found->second;
}

Standing& Catalogue::standing_of(const base::NodeId& node, const std::string& capability) {
  return standings_.try_emplace(Key{node, capability}).first->second;
}

const Catalogue::Offer* Catalogue::offer(const base::NodeId& node,
                                         std::string_view capability) const {
  const Offers& offers = providers_of(capability);
  const auto at = std::ranges::lower_bound(offers, node, {},
                                           [](const Offer& offer) { return offer.entry->node; });
  return at != offers.end() && at->entry->node == node ? &*at : nullptr;
}

const Catalogue::Offers& Catalogue::providers_of(std::string_view capability) const {
  const auto found = index_.find(capability);
  return found == index_.end() ? nobody_ : found->second;
}

std::optional<std::string_view> Catalogue::nearest_name(std::string_view name) const {
  std::vector<std::string_view> names;
  names.reserve(index_.size());
  for (const auto& [known, offers] : index_) names.emplace_back(known);
  return base::nearest_word(name, names);
}

void Catalogue::add_offers(const Entry& entry) {
  if (!entry.provider.descriptor) return;
  for (const Capability& capability : entry.provider.descriptor->capabilities) {
    Offers& offers = index_[capability.name];
    const auto at = std::ranges::lower_bound(offers, entry.node, {},
                                             [](const Offer& offer) { return offer.entry->node; });
    // Of a name listed twice by one node the first counts.
    if (at != offers.end() && at->entry == &entry) continue;
    offers.insert(at, Offer{.entry = &entry,
                            .capability = &capability,
                            .standing = &standing_of(entry.node, capability.name),
                            .check = capability.check ? checks_.of(*capability.check) : nullptr});
    ++offers_;
  }
}

void Catalogue::remove_offers(const Entry& entry) {
  if (!entry.provider.descriptor) return;
  for (const Capability& capability : entry.provider.descriptor->capabilities) {
    const auto found = index_.find(capability.name);
    if (found == index_.end()) continue;
    offers_ -=
        std::erase_if(found->second, [&](const Offer& offer) { return offer.entry == &entry; });
    if (found->second.empty()) index_.erase(found);
    forget_standing(entry.node, capability.name);
  }
}

// Remembered if there is something to remember and room for it.
void Catalogue::forget_standing(const base::NodeId& node, std::string_view capability) {
  const auto found = standings_.find(KeyView{node, capability});
  if (found == standings_.end()) return;
  const bool told = found->second.score.calls() > 0;
  if (!told || standings_.size() > offers_ + remembered_max) standings_.erase(found);
}

}  // namespace mesh
