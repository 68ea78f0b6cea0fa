// Builds a world from its plan.
#include "crypto/digest.h"
#include "sim/agreement/byzantine/villainy.h"
#include "sim/agreement/instance.h"
#include "sim/agreement/villain_view.h"
#include "sim/agreement/world.h"

#include <algorithm>

namespace sim::agreement {

namespace {

constexpr std::size_t trace_lines = 5'000;

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
      watch_rng_(rng_.fork("watch")),
      oracle_(plan.weakness == consensus::Weakness::small_quorum),
      pace_(oracle_, plan.floods()),
      deadlines_(oracle_),
      trace_(plan.trace ? trace_lines : 0),
      choices_(plan.choices) {
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
    push({.at = rollback.again, .kind = EventKind::crash, .instance = instance});
    push({.at = rollback.again + std::chrono::milliseconds(100),
          .kind = EventKind::restart,
          .instance = instance});
  }
  for (std::size_t i = 0; i < plan_.submissions.size(); ++i) {
    push({.at = plan_.submissions[i].at, .kind = EventKind::submit, .number = i});
  }
  for (std::size_t i = 0; i < plan_.jumps.size(); ++i) {
    const std::uint32_t instance = instances_of_[plan_.jumps[i].identity].front();
    push({.at = plan_.jumps[i].at, .kind = EventKind::jump, .instance = instance, .number = i});
  }
  push({.at = base::Duration(2), .kind = EventKind::regroup});
  push({.at = plan_.chaos_ends, .kind = EventKind::heal});
  push({.at = plan_.chaos_ends + std::chrono::seconds(1), .kind = EventKind::measure});
  base::Duration last = plan_.chaos_ends;
  for (const Plan::Submission& one : plan_.submissions) last = std::max(last, one.at);
  push({.at = last + std::chrono::seconds(1), .kind = EventKind::look});
}

}  // namespace sim::agreement
