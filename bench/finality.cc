// What agreement costs by itself, for each size of the committee: delays of the network from
// proposal to finality in virtual time, where checks and the disk take none; and the certificate of
// a decision, its bytes and the time to verify it with real keys. Prints JSON; bench/run reads it.
#include "base/check.h"
#include "consensus/certificate.h"
#include "consensus/tally.h"
#include "crypto/digest.h"
#include "crypto/identity.h"
#include "crypto/verified.h"
#include "tests/consensus/mesh_of_replicas.h"
#include "wire/agreement_codec.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace consensus;

constexpr base::Duration one_way = std::chrono::milliseconds(10);  // of MeshOfReplicas
constexpr int decisions = 20;
constexpr int verifications = 200;

std::size_t index_of(const base::NodeId& node) {
  return std::to_integer<std::size_t>(node.bytes[0]) - 1;  // of test_validators()
}

// From the moment at which the leader has the op until all members hold the decision; the most.
double delays_to_finality(std::size_t members) {
  MeshOfReplicas mesh(members);
  mesh.settle_start();
  mesh.run(std::chrono::seconds(1));
  base::Duration most{};
  for (int i = 0; i < decisions; ++i) {
    const std::string line = "line " + std::to_string(i);
    const Epoch& epoch = mesh.epoch();
    const View view = mesh.node(0).replica->standing().view;
    const base::Instant asked = mesh.now();
    mesh.submit(index_of(epoch.committee().member(epoch.leader(view)).node), line);
    while (!mesh.all_hold(line)) mesh.run(std::chrono::milliseconds(1));
    most = std::max(most, mesh.now() - asked);
    mesh.run(std::chrono::seconds(1));  // it falls silent
  }
  return std::chrono::duration<double>(most) / std::chrono::duration<double>(one_way);
}

struct Cost {
  std::size_t signatures = 0;
  std::size_t bytes = 0;
  double verify_us = 0;
};

Cost certificate_cost(std::size_t members) {
  std::vector<crypto::Identity> keys;
  std::vector<Validator> validators = test_validators(members);
  for (std::size_t i = 0; i < members; ++i) {
    crypto::Seed seed;
    seed.bytes[0] = static_cast<std::byte>(i + 1);
    keys.push_back(crypto::Identity::from_seed(seed));
    validators[i].vote_key = *base::NodeId::from_view(keys[i].id().view());
  }
  base::MeshId mesh;
  const Epoch epoch(EpochDescriptor::first(mesh, *Committee::of(validators), {}));
  const base::Digest block = crypto::digest(base::as_bytes("block"));
  Certificate certificate{.kind = VoteKind::finalize,
                          .epoch = 0,
                          .view = 1,
                          .block = block,
                          .signers = 0,
                          .signatures = {}};
  for (std::size_t i = 0; i < epoch.quorum(); ++i) {
    certificate.signers |= std::uint64_t{1} << i;
    certificate.signatures.push_back(
        keys[i].sign(vote_statement(VoteKind::finalize, epoch.id(), 1, block)));
  }
  Cost cost{.signatures = epoch.quorum(),
            .bytes = wire::encode(Message(certificate)).size(),
            .verify_us = 0};
  std::vector<double> times;
  for (int i = 0; i < verifications; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    for (const Vote& vote : votes_of(certificate)) {
      CHECK(crypto::check(check_of(vote, epoch)).holds());
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begun;
    times.push_back(took.count());
  }
  std::nth_element(times.begin(), times.begin() + verifications / 2, times.end());
  cost.verify_us = times[verifications / 2];
  return cost;
}

}  // namespace

int main() {
  std::printf("[");
  for (const std::size_t members : {4U, 7U, 16U, 31U}) {
    const Cost cost = certificate_cost(members);
    std::printf(
        "%s{\"members\": %zu, \"delays\": %.1f, \"signatures\": %zu, \"bytes\": %zu, "
        "\"verify_us\": %.0f}",
        members == 4 ? "" : ",\n ", members, delays_to_finality(members), cost.signatures,
        cost.bytes, cost.verify_us);
  }
  std::printf("]\n");
}
