// The world as one liar sees it.
#pragma once

#include "consensus/statements.h"
#include "sim/agreement/instance.h"
#include "sim/agreement/world.h"

#include <memory>
#include <optional>

namespace sim::agreement {

class World::VillainView final : public Villain {
 public:
  VillainView(World& world, Instance& instance) : world_(world), instance_(instance) {}

  base::Rng& rng() override { return world_.villain_rng_; }
  [[nodiscard]] base::Duration now() const override { return world_.now_; }
  [[nodiscard]] std::uint32_t identity() const override { return instance_.identity; }
  [[nodiscard]] std::uint32_t identities() const override { return world_.plan_.identities; }
  [[nodiscard]] const consensus::Epoch& epoch() const override {
    return instance_.replica->epoch();
  }
  [[nodiscard]] consensus::View view() const override { return instance_.replica->standing().view; }
  [[nodiscard]] std::optional<consensus::SignerIndex> signer() const override {
    return epoch().committee().index_of(world_.identities_[instance_.identity].node);
  }
  [[nodiscard]] std::optional<consensus::Vote> vote(consensus::VoteKind kind, consensus::View view,
                                                    const base::Digest& block) const override {
    const auto index = signer();
    if (!index) return std::nullopt;
    const base::NodeId& key = world_.identities_[instance_.identity].vote_key;
    return consensus::Vote{.kind = kind,
                           .epoch = epoch().number(),
                           .view = view,
                           .block = block,
                           .signer = *index,
                           .signature = crypto::sign_as_stand_in(
                               key, consensus::vote_statement(kind, epoch().id(), view, block))};
  }
  void send(std::uint32_t to, const consensus::Message& message, base::Duration after) override {
    if (to == instance_.identity) return;
    world_.transmit(instance_, to, std::make_shared<const consensus::Message>(message), after);
  }
  [[nodiscard]] bool lies(std::uint32_t identity) const override {
    return world_.plan_.lies(identity);
  }
  [[nodiscard]] bool blackout() const override { return world_.blackout_; }

 private:
  World& world_;
  Instance& instance_;
};

}  // namespace sim::agreement
