// A decision with everything that proves it, as a file that anybody checks offline: JSON in one
// exact form, so that no byte of it can be changed without being noticed.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "consensus/decision_proof.h"
#include "consensus/message.h"

#include <string>
#include <string_view>
#include <vector>

namespace api {

struct ProofFile {
  base::MeshId mesh;
  base::Digest op;  // its id
  consensus::DecisionProof proof;
  consensus::EpochDescriptor first;           // the epoch that the proof begins at
  std::vector<consensus::EpochProof> epochs;  // how each until the block's ended, from that one on
};

[[nodiscard]] std::string proof_text(const ProofFile& file);
// The error says what is not in its form.
[[nodiscard]] base::Result<ProofFile, std::string> read_proof(std::string_view text);

}  // namespace api
