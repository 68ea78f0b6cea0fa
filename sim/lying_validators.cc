#include "sim/lying_validators.h"

#include "base/check.h"
#include "ledger/op.h"
#include "sim/agreement/byzantine/bytes.h"
#include "sim/scenario.h"
#include "sim/twin.h"
#include "wire/agreement_codec.h"

#include <algorithm>
#include <utility>

namespace sim {

using agreement::Villainy;

class LyingValidators::View final : public agreement::Villain {
 public:
  View(LyingValidators& all, NodeIndex node, base::Rng rng) : all_(all), node_(node), rng_(rng) {}

  base::Rng& rng() override {
    Network& network = all_.world_.network();
    if (network.chooses(all_.world_.scheduler().now())) rng_ = base::Rng(network.next_choice());
    return rng_;
  }
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
  // As its own, beside those of its kernel. Only operators put anybody out, and nobody knows whom.
  [[nodiscard]] std::optional<base::Bytes> make_op(std::uint64_t sequence, bool hopeless,
                                                   std::size_t size) override {
    constexpr std::uint64_t lifetime_ms = 600'000;
    const std::uint64_t now_ms = all_.access_.agreement(node_)->wall_ms();
    if (!first_sequence_) first_sequence_ = now_ms;
    ledger::Payload payload = ledger::Evict{.node = {}, .reason = "flood", .evidence = {}};
    const bool too_large = size >= ledger::op_bytes_max;
    if (!hopeless) {
      payload = ledger::PutDocument{.key = "flood " + std::to_string(sequence % 8),
                                    .expected = ledger::Expected::any,
                                    .value = base::Bytes(too_large ? 1 : size)};
    }
    const ledger::Op op =
        ledger::Op::sign(all_.access_.identity(node_), all_.mesh_, *first_sequence_ + sequence,
                         now_ms + lifetime_ms, std::move(payload));
    all_.access_.op_made(op.id());
    base::Bytes bytes = op.bytes();
    if (too_large) bytes.resize(size);
    return bytes;
  }
  // Probes are gossip's, whose own liars see to them.
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
  std::optional<std::uint64_t> first_sequence_;
};

struct LyingValidators::Liar {
  std::unique_ptr<View> view;
  std::vector<std::unique_ptr<agreement::Strategy>> ways;
  bool mutates_bytes = false;
  base::Digest proposed;                    // the last proposal that went out
  std::optional<AgreementDisk> other_disk;  // of one that is two
  std::unique_ptr<Twin> twin;               // while it runs
};

LyingValidators::LyingValidators(const Scenario& scenario, const base::MeshId& mesh,
                                 Surroundings& world, Access access, base::Rng rng)
    : mesh_(mesh), rng_(rng), world_(world), access_(std::move(access)), nodes_(scenario.nodes) {
  for (const LyingChoice& lying : scenario.liars) {
    for (const NodeIndex node : lying.nodes) {
      auto liar = std::make_unique<Liar>();
      liar->view = std::make_unique<View>(*this, node, rng.fork("liar", node));
      for (const Villainy way : lying.ways) {
        if (way == Villainy::twins) {
          liar->other_disk.emplace(rng.fork("twin's disk", node));
        } else if (way == Villainy::byte_mutator) {
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
  if (access_.agreement(from) == nullptr || !halves(liar, from, to).first) return;
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

bool LyingValidators::hear(NodeIndex node, NodeIndex from, base::ByteView frame) {
  if (access_.agreement(node) == nullptr) return true;
  Liar& liar = *liars_.at(node);
  // Liars answer honest nodes only, or two of them would keep each other busy for ever.
  if (!lies(from)) {
    const auto message = wire::decode_agreement(frame);
    for (const auto& way : liar.ways) {
      if (message) way->on_receive(*liar.view, from, *message);
    }
  }
  const Halves heard_by = halves(liar, node, from);
  if (heard_by.second) tell_twin(liar, node, from, frame);
  return heard_by.first;
}

// ---- twins ----

bool LyingValidators::is_twin(NodeIndex node) const {
  const auto liar = liars_.find(node);
  return liar != liars_.end() && liar->second->other_disk.has_value();
}

// Which halves talk to that peer: others every few seconds, so that both see most of what happens,
// each something that the other does not, and some peer sees both.
LyingValidators::Halves LyingValidators::halves(const Liar& liar, NodeIndex node,
                                                NodeIndex peer) const {
  if (!liar.other_disk) return {.first = true, .second = false};
  constexpr base::Duration period = std::chrono::seconds(3);
  const auto now =
      static_cast<std::uint64_t>((world_.scheduler().now() - base::Instant()) / period);
  const std::uint64_t pair = (std::uint64_t{node} << 32U) | peer;
  const std::uint64_t side = rng_.fork("side", pair).fork("period", now).below(3);
  return {.first = side != 0, .second = side != 1};
}

void LyingValidators::tell_twin(Liar& liar, NodeIndex node, NodeIndex from, base::ByteView frame) {
  const auto wall =
      base::WallTime{.milliseconds = static_cast<std::int64_t>(access_.agreement(node)->wall_ms())};
  if (!liar.twin) {
    kernel::AgreementOptions options = access_.options(node);
    options.stored = liar.other_disk->start(access_.voting_key(node).id());
    auto send = [this, &liar, node](NodeIndex to, base::Bytes bytes) {
      if (halves(liar, node, to).second) access_.send(node, to, std::move(bytes));
    };
    liar.twin = std::make_unique<Twin>(std::move(options), access_.identity(node), *liar.other_disk,
                                       world_, std::move(send), wall, rng_.fork("twin", node));
  }
  liar.twin->on_frame(world_.id_of(from), frame, wall);
}

void LyingValidators::stopped(NodeIndex node) {
  if (!is_twin(node)) return;
  Liar& liar = *liars_.at(node);
  if (liar.twin) liar.other_disk->crash();
  liar.twin.reset();
}

}  // namespace sim
