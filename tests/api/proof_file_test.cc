#include "api/proof_file.h"

#include <gtest/gtest.h>

namespace api {
namespace {

ProofFile sample() {
  ProofFile file;
  file.mesh.bytes[0] = std::byte{1};
  file.op.bytes[0] = std::byte{2};
  file.proof.op = base::to_bytes("an op");
  file.proof.index = 3;
  file.proof.path.resize(2);
  file.proof.header.height = 7;
  file.proof.above.resize(1);
  file.proof.finalization.kind = consensus::VoteKind::finalize;
  file.proof.finalization.signers = 5;
  file.proof.finalization.signatures.resize(2);
  file.first = consensus::EpochDescriptor::first(
      file.mesh, *consensus::Committee::of({consensus::Validator{}}), {});
  return file;
}

TEST(ProofFileTest, IsReadBackAsItWasWritten) {
  const ProofFile file = sample();
  const auto read = read_proof(proof_text(file));
  ASSERT_TRUE(read) << read.error();
  EXPECT_EQ(proof_text(*read), proof_text(file));
  EXPECT_EQ(read->proof.above.size(), 1U);
  EXPECT_EQ(read->proof.finalization, file.proof.finalization);
}

TEST(ProofFileTest, HasOneExactForm) {
  const std::string text = proof_text(sample());
  for (const std::string& other :
       {text + "\n", " " + text, std::string(), std::string("{}"), text.substr(0, 100)}) {
    EXPECT_FALSE(read_proof(other)) << other;
  }
  std::string spaced = text;
  spaced.insert(spaced.find(':') + 1, " ");
  const auto read = read_proof(spaced);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().find("not exactly as it was written"), std::string::npos);
}

TEST(ProofFileTest, NamesAFormatThatOthersWrote) {
  std::string text = proof_text(sample());
  text.replace(text.find("decision.2"), 10, "decision.1");
  const auto read = read_proof(text);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().find("it is a parley.decision.1 file, and this version reads "
                              "parley.decision.2"),
            std::string::npos)
      << read.error();
}

}  // namespace
}  // namespace api
