#include "sim/lying_validators.h"

#include "base/check.h"
#include "sim/agreement/byzantine/bytes.h"
#include "sim/scenario.h"
#include "wire/agreement_codec.h"

#include <algorithm>
#include <utility>

namespace sim {

using agreement::Villainy;

class LyingValidators::View final : public agreement::Villain {
 public:
  View(LyingValidators& all, NodeIndex node, base::Rng rng) : all_(all), node_(node), rng_(rng) {}

  base::Rng& rng() override { return rng_; }
  [[nodiscard]] base::Duration now() const override {
    return all_.world_.scheduler().now() - base::Instant();
  }
  [[nodiscard]] std::uint32_t identity() const override { return node_; }
  [[nodiscard]] std::uint32_t identities() const override { return all_.nodes_; }
  [[nodiscard]] const consensus::Epoch& epoch() const override { return replica().epoch(); }
  [[nodiscard]] consensus::View view() const override { return replica().standing().view; }
  [[nodiscard]] base::NodeId node() const override { return all_.world_.id_of(node_); }
  [[nodiscard]] crypto::Signature sign(const crypto::Statement& statement) const override {
    return all_.access_.voting_key(node_).sign(statement);
  }
  void send(std::uint32_t to, const consensus::Message& message, base::Duration after) override {
    if (to == node_) return;
    auto go = [this, to, life = all_.world_.life(node_), frame = wire::encode(message)]() {
      if (all_.world_.life(node_) == life) all_.access_.send(node_, to, frame);
    };
    all_.world_.scheduler().after(after, std::move(go));
  }
  // Here ops are signed by their node, and probes are gossip's: its own liars see to those.
  [[nodiscard]] std::optional<base::Bytes> make_op(std::uint64_t, bool, std::size_t) override {
    return std::nullopt;
  }
  void mislead(std::uint32_t, base::Duration) override {}
  void accuse(std::uint32_t, std::uint32_t) override {}
  [[nodiscard]] bool lies(std::uint32_t identity) const override { return all_.lies(identity); }
  [[nodiscard]] bool blackout() const override { return all_.calm_; }

 private:
  [[nodiscard]] const consensus::Replica& replica() const {
    const kernel::Agreement* own = all_.access_.agreement(node_);
    CHECK(own != nullptr);
    return own->replica();
  }

  LyingValidators& all_;
  const NodeIndex node_;
  base::Rng rng_;
};

struct LyingValidators::Liar {
  std::unique_ptr<View> view;
  std::vector<std::unique_ptr<agreement::Strategy>> ways;
  bool mutates_bytes = false;
  base::Digest proposed;  // the last proposal that went out
};

LyingValidators::LyingValidators(const Scenario& scenario, Surroundings& world, Access access,
                                 base::Rng rng)
    : world_(world), access_(std::move(access)), nodes_(scenario.nodes) {
  for (const LyingChoice& lying : scenario.liars) {
    for (const NodeIndex node : lying.nodes) {
      auto liar = std::make_unique<Liar>();
      liar->view = std::make_unique<View>(*this, node, rng.fork("liar", node));
      for (const Villainy way : lying.ways) {
        if (way == Villainy::byte_mutator) {
          liar->mutates_bytes = true;
        } else if (auto strategy = agreement::make_strategy(way)) {
          liar->ways.push_back(std::move(strategy));
        }
      }
      liars_[node] = std::move(liar);
    }
  }
}

LyingValidators::~LyingValidators() = default;

void LyingValidators::say(NodeIndex from, NodeIndex to, base::Bytes frame) {
  Liar& liar = *liars_.at(from);
  if (access_.agreement(from) == nullptr) return;
  auto message = wire::decode_agreement(frame);
  CHECK(message.has_value());
  if (const auto* proposal = std::get_if<consensus::Proposal>(&*message)) {
    if (proposal->block->hash() != liar.proposed) {
      liar.proposed = proposal->block->hash();
      for (const auto& way : liar.ways) way->on_broadcast(*liar.view, *message);
    }
  }
  for (const auto& way : liar.ways) {
    if (!way->on_send(*liar.view, to, *message)) return;
  }
  frame = wire::encode(*message);
  if (liar.mutates_bytes && liar.view->rng().chance(300'000)) {
    access_.send(from, to, agreement::mutated(frame, liar.view->rng()));
    if (liar.view->rng().chance(500'000)) return;
  }
  access_.send(from, to, std::move(frame));
}

void LyingValidators::hear(NodeIndex node, NodeIndex from, base::ByteView frame) {
  // Liars answer honest nodes only, or two of them would keep each other busy for ever.
  if (lies(from) || access_.agreement(node) == nullptr) return;
  const auto message = wire::decode_agreement(frame);
  if (!message) return;
  Liar& liar = *liars_.at(node);
  for (const auto& way : liar.ways) way->on_receive(*liar.view, from, *message);
}

}  // namespace sim
