#include "consensus/decision_proof.h"

#include "tests/consensus/mesh_of_replicas.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace consensus {
namespace {

class DecisionProofTest : public testing::Test {
 protected:
  DecisionProofTest() {
    mesh.settle_start();
    for (const char* line : {"a", "b", "c"}) mesh.submit(0, line);
    EXPECT_TRUE(mesh.run_until([&] { return mesh.all_hold("c"); }));
  }
  bool holds(const DecisionProof& proof) {
    if (fault_of(proof, mesh.epoch())) return false;
    std::vector<crypto::SignatureCheck> checks;
    append_checks(proof.finalization, mesh.epoch(), checks);
    return std::all_of(checks.begin(), checks.end(),
                       [](const auto& check) { return crypto::check_stand_in(check).holds(); });
  }
  DecisionProof some_proof() {
    for (std::size_t i = 0; i < mesh.node(0).decisions.size(); ++i) {
      const std::span all(mesh.node(0).decisions);
      std::size_t end = i;
      while (!all[end].finalization) ++end;
      if (auto proof = prove(all.subspan(i, end - i + 1), 0)) return *proof;
    }
    return {};
  }

  MeshOfReplicas mesh{4};
};

TEST_F(DecisionProofTest, HoldsForWhatWasDecided) {
  EXPECT_TRUE(holds(some_proof()));
}

TEST_F(DecisionProofTest, FailsWhenAnythingIsChanged) {
  const DecisionProof good = some_proof();
  std::vector<DecisionProof> bad(9, good);
  bad[0].op.push_back(std::byte{1});
  bad[1].index += 1;
  bad[2].path.emplace_back();
  bad[3].header.state_root.bytes[0] ^= std::byte{1};
  bad[4].header.height += 1;
  bad[5].above.push_back(good.header);
  bad[6].finalization.view += 1;
  bad[7].finalization.signatures.front().bytes[0] ^= std::byte{1};
  bad[8].finalization.signers >>= 1U;
  for (std::size_t i = 0; i < bad.size(); ++i) EXPECT_FALSE(holds(bad[i])) << i;
}

TEST_F(DecisionProofTest, NeedsAFinalizationAndAnOpOfThatNumber) {
  const std::span all(mesh.node(0).decisions);
  EXPECT_FALSE(prove({}, 0).has_value());
  EXPECT_FALSE(prove(all, 1'000).has_value());
}

}  // namespace
}  // namespace consensus
