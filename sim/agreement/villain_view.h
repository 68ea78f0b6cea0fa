// The world as one liar sees it.
#pragma once

#include "crypto/stand_in.h"
#include "sim/agreement/instance.h"
#include "sim/agreement/world.h"

#include <memory>
#include <optional>

namespace sim::agreement {

class World::VillainView final : public Villain {
 public:
  VillainView(World& world, Instance& instance) : world_(world), instance_(instance) {}

  base::Rng& rng() override {
    if (world_.choices_.any()) world_.villain_rng_ = base::Rng(world_.choices_.next());
    return world_.villain_rng_;
  }
  [[nodiscard]] base::Duration now() const override { return world_.now_; }
  [[nodiscard]] std::uint32_t identity() const override { return instance_.identity; }
  [[nodiscard]] std::uint32_t identities() const override { return world_.plan_.identities; }
  [[nodiscard]] const consensus::Epoch& epoch() const override {
    return instance_.replica->epoch();
  }
  [[nodiscard]] consensus::View view() const override { return instance_.replica->standing().view; }
  [[nodiscard]] base::NodeId node() const override {
    return world_.identities_[instance_.identity].node;
  }
  [[nodiscard]] crypto::Signature sign(const crypto::Statement& statement) const override {
    return crypto::sign_as_stand_in(world_.identities_[instance_.identity].vote_key, statement);
  }
  void send(std::uint32_t to, const consensus::Message& message, base::Duration after) override {
    if (to == instance_.identity) return;
    world_.transmit(instance_, to, std::make_shared<const consensus::Message>(message), after);
  }
  [[nodiscard]] std::optional<base::Bytes> make_op(std::uint64_t sequence, bool hopeless,
                                                   std::size_t size) override {
    RegisterOp op{.kind = hopeless ? OpKind::hopeless : OpKind::plain,
                  .author = static_cast<std::uint8_t>(100 + instance_.identity),
                  .sequence = sequence,
                  .members = std::vector<std::uint8_t>(size)};
    base::Bytes bytes = op.bytes();
    world_.oracle_.on_submitted(bytes);
    return bytes;
  }
  void mislead(std::uint32_t whom, base::Duration round_trip) override {
    world_.hint(whom, {.about = instance_.identity, .round_trip = round_trip, .dead = false});
  }
  void accuse(std::uint32_t before, std::uint32_t whom) override {
    world_.hint(before, {.about = whom, .round_trip = {}, .dead = true});
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
