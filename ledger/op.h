// An op: what one author asks the mesh to decide. On the wire and in blocks (CONSENSUS 3.2)
//
//   preimage 136 B | signature of the preimage 64 B | payload
//   preimage = "mesh.op.v1" 16 | mesh 32 | author 32 | sequence u64 | not after u64, in ms |
//              kind u16 | flags u16 | payload length u32 | H(payload) 32
//
// With the flag `together`, the signature is that of a set of ops (op_set.h), and behind the
// payload stands the place in it: index u32 | number of ops u32 | path 32 B each. The op's id is
// H(preimage): another valid signature of the same preimage is the same op. An author numbers its
// ops upwards and gaps are allowed, so none is ever executed twice.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "crypto/identity.h"
#include "crypto/verified.h"
#include "ledger/op_set.h"
#include "ledger/payload.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace ledger {

constexpr std::size_t op_preimage_size = 136;
constexpr std::size_t op_head_size = op_preimage_size + crypto::Signature::size;
constexpr std::uint16_t op_flag_together = 1;
constexpr std::size_t op_bytes_max = std::size_t{64} * 1024;  // all of it

enum class OpError : std::uint8_t {
  size,            // too short, too long, or not as long as it says
  place,           // in no set of ops that could be
  other_mesh,      // of another mesh, or no op
  unknown_kind,    // perhaps of a later version
  payload_digest,  // not the payload that the author signed
  payload,         // not the one encoding of a payload of this kind
};

// What agreement lays out and ledger cannot: the statements of signatures inside ops that belong to
// it. The kernel joins the two.
class AgreementStatements {
 public:
  AgreementStatements() = default;
  AgreementStatements(const AgreementStatements&) = delete;
  AgreementStatements& operator=(const AgreementStatements&) = delete;
  virtual ~AgreementStatements() = default;

  [[nodiscard]] virtual crypto::Statement vote(const base::Digest& epoch_id, std::uint64_t view,
                                               const EvidenceVote& vote) const = 0;
  [[nodiscard]] virtual crypto::Statement ready(const base::Digest& epoch_id, const Seats& next,
                                                const Parameters& parameters,
                                                std::uint64_t not_after_height) const = 0;
};

// Never changes; its copies share what it is, so they cost nothing.
class Op {
 public:
  [[nodiscard]] static base::Result<Op, OpError> parse(base::ByteView bytes,
                                                       const base::MeshId& mesh);
  // A new one, signed. Its bytes are at most op_bytes_max long: who makes payloads sees to that.
  [[nodiscard]] static Op sign(const crypto::Identity& author, const base::MeshId& mesh,
                               std::uint64_t sequence, std::uint64_t not_after_ms, Payload payload);
  // A new one, to be signed by sign_together(): it has an id, but no bytes yet.
  [[nodiscard]] static Op draft(const base::NodeId& author, const base::MeshId& mesh,
                                std::uint64_t sequence, std::uint64_t not_after_ms,
                                Payload payload);
  // Drafts of that author in that mesh; at least one, at most op_set_max.
  static void sign_together(const crypto::Identity& author, std::span<Op> drafts);

  [[nodiscard]] const base::Digest& id() const { return content_->id; }
  [[nodiscard]] const base::NodeId& author() const { return content_->author; }
  [[nodiscard]] std::uint64_t sequence() const { return content_->sequence; }
  [[nodiscard]] std::uint64_t not_after_ms() const { return content_->not_after_ms; }
  [[nodiscard]] OpKind kind() const { return kind_of(content_->payload); }
  [[nodiscard]] OpClass op_class() const { return class_of(kind()); }
  [[nodiscard]] const Payload& payload() const { return content_->payload; }
  [[nodiscard]] const base::Bytes& bytes() const { return content_->bytes; }

  // Every signature that has to hold: the author's, and those inside the payload and inside what it
  // would bring about. Execution takes them for granted: Verified<Op> is an op whose checks held.
  void append_checks(const AgreementStatements& agreement,
                     std::vector<crypto::SignatureCheck>& checks) const;

 private:
  struct Content {
    [[nodiscard]] crypto::Statement preimage(base::ByteView encoded) const;

    base::MeshId mesh;
    base::NodeId author;
    std::uint64_t sequence = 0;
    std::uint64_t not_after_ms = 0;
    Payload payload;
    std::optional<OpPlace> place;  // if it is signed together with others
    base::Digest id;
    crypto::Signature signature;
    base::Bytes bytes;  // all of the above, as they were signed
  };
  explicit Op(Content content) : content_(std::make_shared<const Content>(std::move(content))) {}
  [[nodiscard]] static Content drafted(const base::NodeId& author, const base::MeshId& mesh,
                                       std::uint64_t sequence, std::uint64_t not_after_ms,
                                       Payload payload);

  std::shared_ptr<const Content> content_;  // owned by all copies of the op
};

// Signs an invitation, all of whose other fields are set.
[[nodiscard]] crypto::Signature sign(const Invitation& invitation, const crypto::Identity& inviter,
                                     const base::MeshId& mesh);

}  // namespace ledger
