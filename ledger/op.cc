#include "ledger/op.h"

#include "base/check.h"
#include "crypto/digest.h"
#include "ledger/layout.h"
#include "ledger/statements.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace ledger {

namespace {

base::NodeId signer(const base::VoteKey& key) {
  return *base::NodeId::from_view(key.view());
}

class InnerChecks {
 public:
  InnerChecks(const base::MeshId& mesh, const AgreementStatements& agreement,
              std::vector<crypto::SignatureCheck>& checks)
      : mesh_(mesh), agreement_(agreement), checks_(checks) {}

  void operator()(const Join& op) {
    if (!op.invitation) return;
    add(op.invitation->inviter, statement_of(*op.invitation, mesh_), op.invitation->signature);
  }
  void operator()(const Reconfigure& op) {
    for (const Ready& ready : op.ready) {
      add(signer(op.seats.at(ready.seat).vote_key),
          agreement_.ready(op.epoch_id, op.seats, op.parameters, ready.not_after_height),
          ready.signature);
    }
  }
  void operator()(const ReportEvidence& op) {
    for (const EvidenceVote* vote : {&op.first, &op.second}) {
      add(signer(op.signer.vote_key), agreement_.vote(op.epoch_id, op.view, *vote),
          vote->signature);
    }
  }
  void operator()(const OpenBallot& op) {
    if (!op.effect) return;
    const std::optional<Payload> effect = parse_payload(op.effect->kind, op.effect->payload);
    CHECK(effect.has_value());  // reading the ballot saw to that
    std::visit(*this, *effect);
  }
  template <class Other>
  void operator()(const Other& /*op*/) {}

 private:
  void add(const base::NodeId& by, crypto::Statement statement,
           const crypto::Signature& signature) {
    checks_.push_back({.signer = by, .statement = std::move(statement), .signature = signature});
  }

  const base::MeshId& mesh_;
  const AgreementStatements& agreement_;
  std::vector<crypto::SignatureCheck>& checks_;
};

std::optional<OpPlace> read_place(base::ByteView bytes) {
  Reader in(bytes);
  OpPlace place{.index = in.u32(), .count = in.u32(), .path = {}};
  if (place.count == 0 || place.count > op_set_max || place.index >= place.count) {
    return std::nullopt;
  }
  place.path.resize(path_length(place.index, place.count));
  for (base::Digest& sibling : place.path) sibling = in.id<base::Digest>();
  if (!in.done()) return std::nullopt;
  return place;
}

}  // namespace

base::Result<Op, OpError> Op::parse(base::ByteView bytes, const base::MeshId& mesh) {
  if (bytes.size() < op_head_size || bytes.size() > op_bytes_max) {
    return base::Unexpected{OpError::size};
  }
  const base::ByteView preimage = bytes.first(op_preimage_size);
  constexpr std::size_t fields_at = 16 + base::MeshId::size;
  const crypto::Statement opening(crypto::Purpose::operation, mesh);
  CHECK(opening.bytes().size() == fields_at);
  if (!std::equal(opening.bytes().begin(), opening.bytes().end(), preimage.begin())) {
    return base::Unexpected{OpError::other_mesh};
  }
  Reader in(preimage.subspan(fields_at));
  Content out;
  out.mesh = mesh;
  out.author = in.id<base::NodeId>();
  out.sequence = in.u64();
  out.not_after_ms = in.u64();
  const std::optional<OpKind> kind = op_kind(in.u16());
  const std::uint16_t flags = in.u16();
  const std::uint32_t size = in.u32();
  const auto digest = in.id<base::Digest>();
  CHECK(in.done());
  if (size > bytes.size() - op_head_size) return base::Unexpected{OpError::size};
  const base::ByteView payload = bytes.subspan(op_head_size, size);
  const base::ByteView behind = bytes.subspan(op_head_size + size);
  if (flags == 0 && !behind.empty()) return base::Unexpected{OpError::size};
  if (!kind || (flags & ~op_flag_together) != 0) return base::Unexpected{OpError::unknown_kind};
  if (crypto::digest(payload) != digest) return base::Unexpected{OpError::payload_digest};
  std::optional<Payload> parsed = parse_payload(*kind, payload);
  if (!parsed) return base::Unexpected{OpError::payload};
  out.payload = *std::move(parsed);
  out.id = crypto::digest(preimage);
  if (flags == op_flag_together) {
    out.place = read_place(behind);
    if (!out.place) return base::Unexpected{OpError::place};
  }
  out.signature =
      *crypto::Signature::from_view(bytes.subspan(op_preimage_size, crypto::Signature::size));
  out.bytes.assign(bytes.begin(), bytes.end());
  return Op(std::move(out));
}

crypto::Statement Op::Content::preimage(base::ByteView encoded) const {
  return op_statement(mesh, author, sequence, not_after_ms, kind_of(payload),
                      place ? op_flag_together : 0, encoded);
}

Op Op::sign(const crypto::Identity& author, const base::MeshId& mesh, std::uint64_t sequence,
            std::uint64_t not_after_ms, Payload payload) {
  Content out = drafted(author.id(), mesh, sequence, not_after_ms, std::move(payload));
  out.place.reset();
  const base::Bytes encoded = encode_payload(out.payload);
  CHECK(op_head_size + encoded.size() <= op_bytes_max);
  const crypto::Statement statement = out.preimage(encoded);
  out.id = crypto::digest(statement.bytes());
  out.signature = author.sign(statement);
  out.bytes = Writer().fixed(statement.bytes()).fixed(out.signature.view()).fixed(encoded).take();
  return Op(std::move(out));
}

Op Op::draft(const base::NodeId& author, const base::MeshId& mesh, std::uint64_t sequence,
             std::uint64_t not_after_ms, Payload payload) {
  return Op(drafted(author, mesh, sequence, not_after_ms, std::move(payload)));
}

Op::Content Op::drafted(const base::NodeId& author, const base::MeshId& mesh,
                        std::uint64_t sequence, std::uint64_t not_after_ms, Payload payload) {
  Content out;
  out.mesh = mesh;
  out.author = author;
  out.sequence = sequence;
  out.not_after_ms = not_after_ms;
  out.payload = std::move(payload);
  out.place.emplace();
  const crypto::Statement statement = out.preimage(encode_payload(out.payload));
  CHECK(statement.bytes().size() == op_preimage_size);
  out.id = crypto::digest(statement.bytes());
  return out;
}

void Op::sign_together(const crypto::Identity& author, std::span<Op> drafts) {
  std::vector<base::Digest> ids;
  ids.reserve(drafts.size());
  const base::MeshId mesh = drafts.front().content_->mesh;
  for (const Op& op : drafts) {
    CHECK(op.author() == author.id());
    CHECK(op.content_->mesh == mesh);
    ids.push_back(op.id());
  }
  std::vector<OpPlace> places = op_places(ids);
  const auto root = op_set_root(ids.front(), places.front());
  CHECK(root.has_value());
  const crypto::Signature signature = author.sign(
      op_set_statement(mesh, author.id(), static_cast<std::uint32_t>(drafts.size()), *root));
  for (std::size_t i = 0; i < drafts.size(); ++i) {
    Content op = *drafts[i].content_;
    op.place = std::move(places[i]);
    op.signature = signature;
    const base::Bytes encoded = encode_payload(op.payload);
    Writer out;
    out.fixed(op.preimage(encoded).bytes()).fixed(signature.view()).fixed(encoded);
    out.u32(op.place->index).u32(op.place->count);
    for (const base::Digest& sibling : op.place->path) out.fixed(sibling.view());
    op.bytes = out.take();
    CHECK(op.bytes.size() <= op_bytes_max);
    drafts[i] = Op(std::move(op));
  }
}

void Op::append_checks(const AgreementStatements& agreement,
                       std::vector<crypto::SignatureCheck>& checks) const {
  const Content& op = *content_;
  if (op.place) {
    const auto root = op_set_root(op.id, *op.place);
    CHECK(root.has_value());
    checks.push_back({.signer = op.author,
                      .statement = op_set_statement(op.mesh, op.author, op.place->count, *root),
                      .signature = op.signature});
  } else {
    const base::ByteView payload = base::ByteView(op.bytes).subspan(op_head_size);
    checks.push_back(
        {.signer = op.author, .statement = op.preimage(payload), .signature = op.signature});
  }
  std::visit(InnerChecks(op.mesh, agreement, checks), op.payload);
}

crypto::Signature sign(const Invitation& invitation, const crypto::Identity& inviter,
                       const base::MeshId& mesh) {
  CHECK(invitation.inviter == inviter.id());
  return inviter.sign(statement_of(invitation, mesh));
}

}  // namespace ledger
