#include "mesh/routing/preference.h"

#include "base/strings.h"

#include <algorithm>

namespace mesh::routing {

bool is_named(const Catalogue::Entry& entry, std::string_view wish) {
  if (wish.empty()) return false;
  if (entry.provider.name == wish) return true;
  if (wish.size() < 8 || wish.size() > 64) return false;
  return entry.node.hex().starts_with(base::to_lower(wish));
}

const Candidate* named(const std::vector<Candidate>& best, std::string_view wish) {
  const auto found = std::ranges::find_if(
      best, [&](const Candidate& candidate) { return is_named(*candidate.offer->entry, wish); });
  return found == best.end() ? nullptr : &*found;
}

const Candidate* preferred(const std::vector<Candidate>& best,
                           const std::vector<std::string>& wishes) {
  const auto local = std::ranges::find_if(best, &Candidate::local);
  if (local != best.end()) return &*local;
  for (const std::string& wish : wishes) {
    if (const Candidate* found = named(best, wish)) return found;
  }
  return nullptr;
}

}  // namespace mesh::routing
