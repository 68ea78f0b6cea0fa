#include "sim/checkers/decisions.h"

namespace sim {

namespace {

std::string place_of(NodeIndex node, std::uint64_t height) {
  return "n" + std::to_string(node) + " at height " + std::to_string(height);
}

}  // namespace

void DecisionsChecker::on_proposed(const OpMade& made) {
  proposed_.insert(made.op);
}

void DecisionsChecker::on_decided(const BlockDecided& decided) {
  const std::string place = place_of(decided.node, decided.height);
  if (decided.state_root && *decided.state_root != decided.claimed_root) {
    violate(decided.at, place + " is in another state than the block says");
  }
  const auto [known, fresh] = log_.emplace(decided.height, Block{decided.block, decided.node});
  if (!fresh) {
    if (known->second.hash == decided.block) return;
    violate(decided.at,
            place + " decided another block than n" + std::to_string(known->second.first));
    return;
  }
  for (const base::Digest& op : *decided.ops) {
    if (!proposed_.contains(op)) violate(decided.at, place + " decided an op that nobody made");
    const auto [at, first] = places_.emplace(op, decided.height);
    if (first) continue;
    violate(decided.at, place + " decided an op for the second time, after height " +
                            std::to_string(at->second));
  }
}

// At the end: what was decided is on the disk of everybody who stands above it.
void DecisionsChecker::on_archived(const BlockArchived& archived) {
  const auto known = log_.find(archived.height);
  if (known == log_.end()) return;
  if (archived.block && *archived.block == known->second.hash) return;
  violate(archived.at, place_of(archived.node, archived.height) +
                           (archived.block ? " keeps another block than was decided"
                                           : " lost what was decided"));
}

void DecisionsChecker::on_contact(const ContactWithOutsider& contact) {
  violate(contact.at, "n" + std::to_string(contact.from) + " sends " + std::string(contact.what) +
                          " to n" + std::to_string(contact.to) +
                          ", of which it knows that it may not take part");
}

}  // namespace sim
