// A decision with everything that proves it, as a file that anybody checks offline: JSON in one
// exact form, so that no byte of it can be changed without being noticed.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "consensus/op_proof.h"

#include <string>
#include <string_view>

namespace api {

struct ProofFile {
  base::MeshId mesh;
  base::Digest op;  // its id
  consensus::OpProof proof;
};

[[nodiscard]] std::string proof_text(const base::MeshId& mesh, const base::Digest& op,
                                     const consensus::OpProof& proof);
// The error says what is not in its form.
[[nodiscard]] base::Result<ProofFile, std::string> read_proof(std::string_view text);

}  // namespace api
