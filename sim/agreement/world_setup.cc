// Builds a world from its plan.
#include "crypto/digest.h"
#include "sim/agreement/byzantine/proposers.h"
#include "sim/agreement/byzantine/quiet.h"
#include "sim/agreement/byzantine/senders.h"
#include "sim/agreement/byzantine/voters.h"
#include "sim/agreement/instance.h"
#include "sim/agreement/villain_view.h"
#include "sim/agreement/world.h"

#include <algorithm>

namespace sim::agreement {

namespace {

base::NodeId drawn_key(base::Rng& rng) {
  base::NodeId key;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::uint64_t word = rng.next();
    for (std::size_t j = 0; j < 8; ++j) {
      key.bytes[8 * i + j] = static_cast<std::byte>(word >> (8 * j));
    }
  }
  return key;
}

}  // namespace

World::World(const Plan& plan)
    : plan_(plan),
      rng_(base::Rng(plan.seed).fork("world")),
      network_rng_(rng_.fork("network")),
      disk_rng_(rng_.fork("disk")),
      villain_rng_(rng_.fork("villains")),
      oracle_(plan.weakness == consensus::Weakness::small_quorum) {
  make_identities();
  make_instances();
  schedule_plan();
}

World::~World() = default;

void World::make_identities() {
  base::Rng keys = rng_.fork("keys");
  for (std::uint32_t i = 0; i < plan_.identities; ++i) {
    consensus::Validator identity;
    identity.node = drawn_key(keys);
    identity.vote_key = drawn_key(keys);
    numbers_[identity.node] = i;
    identities_.push_back(identity);
  }
  base::MeshId mesh;
  mesh.bytes = drawn_key(keys).bytes;
  std::vector<consensus::Validator> members(identities_.begin(),
                                            identities_.begin() + plan_.members);
  genesis_ = consensus::EpochDescriptor::first(mesh, *consensus::Committee::of(std::move(members)),
                                               consensus::Parameters{});
  epochs_.emplace(0, made(genesis_));
}

std::unique_ptr<Strategy> World::make_strategy(Villainy way) {
  using std::make_unique;
  switch (way) {
    case Villainy::silent:
      return make_unique<Silent>();
    case Villainy::twins:
      return nullptr;  // no lie but being two
    case Villainy::equivocator:
      return make_unique<Equivocator>();
    case Villainy::double_voter:
      return make_unique<DoubleVoter>();
    case Villainy::certificate_pool:
      return make_unique<CertificatePool>();
    case Villainy::fickle:
      return make_unique<Fickle>();
    case Villainy::late_leader:
      return make_unique<LateLeader>();
    case Villainy::withholder:
      return make_unique<Withholder>();
    case Villainy::bad_ancestry:
      return make_unique<BadAncestry>();
    case Villainy::invalid_block:
      return make_unique<InvalidBlock>();
    case Villainy::nullifier:
      return make_unique<Nullifier>();
    case Villainy::never_finalizes:
      return make_unique<NeverFinalizes>();
    case Villainy::censor:
      return make_unique<Censor>();
    case Villainy::stale_replayer:
      return make_unique<StaleReplayer>();
    case Villainy::far_future:
      return make_unique<FarFuture>();
    case Villainy::forger:
      return make_unique<Forger>();
    case Villainy::lying_status:
      return make_unique<LyingStatus>();
    case Villainy::bad_answers:
      return make_unique<BadAnswers>();
    case Villainy::evidence_forger:
      return make_unique<EvidenceForger>();
  }
  return nullptr;
}

void World::make_instances() {
  base::Rng clocks = rng_.fork("clocks");
  Register::State genesis;
  genesis.at.block = consensus::origin_of(genesis_.mesh);
  instances_of_.resize(plan_.identities);
  for (std::uint32_t identity = 0; identity < plan_.identities; ++identity) {
    const auto liar = std::find_if(plan_.liars.begin(), plan_.liars.end(),
                                   [&](const Plan::Liar& one) { return one.identity == identity; });
    const bool honest = liar == plan_.liars.end();
    const bool two = !honest && std::find(liar->ways.begin(), liar->ways.end(), Villainy::twins) !=
                                    liar->ways.end();
    for (std::uint32_t twin = 0; twin < (two ? 2U : 1U); ++twin) {
      auto instance = std::make_unique<Instance>(genesis);
      instance->number = static_cast<std::uint32_t>(instances_.size());
      instance->identity = identity;
      instance->twin = twin;
      instance->honest = honest;
      instance->drift_ppm = clocks.between(-plan_.drift_ppm_max, plan_.drift_ppm_max);
      instance->wall_offset_ms = clocks.between(-500, 500);
      if (!honest) {
        instance->villain = std::make_unique<VillainView>(*this, *instance);
        for (const Villainy way : liar->ways) {
          if (auto strategy = make_strategy(way)) instance->ways.push_back(std::move(strategy));
        }
      }
      instances_of_[identity].push_back(instance->number);
      instances_.push_back(std::move(instance));
    }
  }
}

void World::schedule_plan() {
  for (const auto& instance : instances_) {
    push({.at = base::Duration(1), .kind = EventKind::restart, .instance = instance->number});
  }
  for (const Plan::Crash& crash : plan_.crashes) {
    for (const std::uint32_t identity : crash.identities) {
      const std::uint32_t instance = instances_of_[identity].front();
      push({.at = crash.at, .kind = EventKind::crash, .instance = instance});
      push({.at = crash.until, .kind = EventKind::restart, .instance = instance});
    }
  }
  for (const Plan::Rollback& rollback : plan_.rollbacks) {
    const std::uint32_t instance = instances_of_[rollback.identity].front();
    push({.at = rollback.copied, .kind = EventKind::copy, .instance = instance});
    push({.at = rollback.restored, .kind = EventKind::restore, .instance = instance});
  }
  for (std::size_t i = 0; i < plan_.submissions.size(); ++i) {
    push({.at = plan_.submissions[i].at, .kind = EventKind::submit, .number = i});
  }
  push({.at = base::Duration(2), .kind = EventKind::regroup});
  push({.at = plan_.chaos_ends, .kind = EventKind::heal});
  base::Duration last = plan_.chaos_ends;
  for (const Plan::Submission& one : plan_.submissions) last = std::max(last, one.at);
  push({.at = last + std::chrono::seconds(1), .kind = EventKind::look});
}

}  // namespace sim::agreement
