#include "sim/agreement/independent_verifier.h"

#include "crypto/digest.h"
#include "crypto/stand_in.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace sim::agreement {

namespace {

class Layout {
 public:
  explicit Layout(std::string_view tag) : bytes_(16) {
    for (std::size_t i = 0; i < tag.size(); ++i) bytes_[i] = static_cast<std::byte>(tag[i]);
  }
  Layout& number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) {
      bytes_.push_back(static_cast<std::byte>(value & 0xffU));
      value >>= 8U;
    }
    return *this;
  }
  Layout& hash(base::ByteView hash) {
    for (const std::byte byte : hash) bytes_.push_back(byte);
    return *this;
  }
  [[nodiscard]] const base::Bytes& bytes() const { return bytes_; }
  [[nodiscard]] base::Digest digest() const { return crypto::digest(bytes_); }

 private:
  base::Bytes bytes_;
};

base::Digest id_of(const consensus::EpochDescriptor& epoch) {
  Layout committee("mesh.comm.v1");
  committee.number(epoch.committee.size(), 2);
  for (const consensus::Validator& member : epoch.committee.members()) {
    committee.hash(member.node.view()).hash(member.vote_key.view());
  }
  Layout parameters("mesh.params.v1");
  parameters.number(epoch.parameters.version, 2)
      .number(epoch.parameters.block_bytes_max, 4)
      .number(epoch.parameters.block_ops_max, 4);
  return Layout("mesh.epoch.v1")
      .hash(epoch.mesh.view())
      .number(epoch.number, 8)
      .hash(epoch.previous.view())
      .hash(epoch.anchor_hash.view())
      .number(epoch.anchor_height, 8)
      .hash(committee.digest().view())
      .hash(parameters.digest().view())
      .digest();
}

Layout laid_out(const consensus::BlockHeader& header) {
  Layout layout("mesh.block.v1");
  layout.number(header.version, 2).number(header.flags, 2).number(header.proposer, 2).number(0, 2);
  layout.hash(header.epoch_id.view()).number(header.view, 8).number(header.height, 8);
  layout.number(header.parent_view, 8).hash(header.parent_hash.view());
  layout.number(header.timestamp_ms, 8).number(header.ops_count, 4).number(header.ops_bytes, 4);
  layout.hash(header.ops_root.view()).hash(header.state_root.view());
  layout.hash(header.next_epoch.view());
  return layout;
}

// The shape follows from the number of leaves: an odd one at the end of a row goes up as it is.
bool is_leaf(const consensus::DecisionProof& proof) {
  if (proof.index >= proof.header.ops_count) return false;
  const base::Digest whole = crypto::digest(proof.op);
  base::Digest at = Layout("mesh.leaf.v1").number(proof.index, 4).hash(whole.view()).digest();
  std::size_t used = 0;
  std::uint64_t index = proof.index;
  for (std::uint64_t row = proof.header.ops_count; row > 1; row = (row + 1) / 2) {
    const bool alone = index % 2 == 0 && index + 1 == row;
    if (!alone) {
      if (used == proof.path.size()) return false;
      const base::Digest& sibling = proof.path[used++];
      const base::Digest& left = index % 2 == 0 ? at : sibling;
      const base::Digest& right = index % 2 == 0 ? sibling : at;
      at = Layout("mesh.node.v1").hash(left.view()).hash(right.view()).digest();
    }
    index /= 2;
  }
  return used == proof.path.size() && at == proof.header.ops_root;
}

std::optional<std::string> fault_of(const consensus::Certificate& certificate,
                                    const base::Digest& epoch_id,
                                    const consensus::Committee& committee) {
  const std::size_t n = committee.size();
  std::size_t members = 0;
  for (std::size_t bit = 0; bit < 64; ++bit) {
    if ((certificate.signers >> bit & 1U) == 0) continue;
    if (bit >= n) return "a signer who is no member";
    const Layout statement = Layout("mesh.vote.v1")
                                 .number(2, 1)  // finalize
                                 .number(0, 7)
                                 .hash(epoch_id.view())
                                 .number(certificate.view, 8)
                                 .hash(certificate.block.view());
    if (members == certificate.signatures.size()) return "a signature is missing";
    // The check takes a statement by its fields.
    crypto::Statement fields = crypto::Statement::bare(crypto::Purpose::vote);
    fields.u8(2).fixed(base::Bytes(7)).fixed(epoch_id.view()).u64(certificate.view);
    fields.fixed(certificate.block.view());
    if (!std::ranges::equal(fields.bytes(), statement.bytes())) {
      return "a vote is laid out in another way";
    }
    const auto signer = static_cast<consensus::SignerIndex>(bit);
    const crypto::SignatureCheck check{.signer = committee.member(signer).vote_key,
                                       .statement = fields,
                                       .signature = certificate.signatures[members]};
    if (!crypto::check_stand_in(check).holds()) return "a signature does not hold";
    ++members;
  }
  if (members != certificate.signatures.size()) return "a signature too many";
  if (members < n - (n - 1) / 3) return "no quorum";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> fault_of(const consensus::DecisionProof& proof,
                                    const consensus::EpochDescriptor& epoch) {
  const base::Digest id = id_of(epoch);
  if (proof.header.epoch_id != id) return "the block is of another epoch";
  if ((proof.header.flags & 2U) != 0) return "the block is a tail";
  if (!is_leaf(proof)) return "the op is not in the block";
  base::Digest last = laid_out(proof.header).digest();
  for (const consensus::BlockHeader& above : proof.above) {
    if (above.epoch_id != id || above.parent_hash != last) return "the headers are no chain";
    last = laid_out(above).digest();
  }
  const consensus::BlockHeader& top = proof.above.empty() ? proof.header : proof.above.back();
  const consensus::Certificate& finalization = proof.finalization;
  if (finalization.kind != consensus::VoteKind::finalize) return "it is not finalized";
  if (finalization.view != top.view || finalization.block != last) {
    return "the finalization is of another block";
  }
  return fault_of(finalization, id, epoch.committee);
}

}  // namespace sim::agreement
