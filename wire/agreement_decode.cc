#include "consensus/statements.h"
#include "wire/agreement_codec.h"
#include "wire/packed.h"

#include <wire/agreement.capnp.h>

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

namespace wire {

namespace {

using consensus::Block;
using consensus::BlockHeader;
using consensus::BlockPtr;
using consensus::Certificate;
using consensus::EpochDescriptor;
using consensus::EpochProof;
using consensus::Validator;
using consensus::Vote;
using Limits = AgreementLimits;
using Headers = capnp::List<capnp::Data>;

constexpr int depth_max = 8;

// Each returns false when a field breaks its bound.

// A field that is absent stands for zeros.
template <class Kind, std::size_t Size>
bool get_digest(capnp::Data::Reader in, base::FixedBytes<Kind, Size>& out) {
  return in.size() == 0 || get_fixed(in, out);
}

bool get_kind(std::uint8_t in, consensus::VoteKind& out) {
  if (in < 1 || in > 3) return false;
  out = static_cast<consensus::VoteKind>(in);
  return true;
}

bool get(schema::Vote::Reader in, Vote& out) {
  out.epoch = in.getEpoch();
  out.view = in.getView();
  out.signer = in.getSigner();
  return get_kind(in.getKind(), out.kind) && get_digest(in.getBlock(), out.block) &&
         get_fixed(in.getSignature(), out.signature);
}

bool get(schema::Certificate::Reader in, Certificate& out) {
  out.epoch = in.getEpoch();
  out.view = in.getView();
  out.signers = in.getSigners();
  const base::ByteView bytes = view_of(in.getSignatures());
  constexpr std::size_t size = crypto::Signature::size;
  const auto signers = static_cast<std::size_t>(std::popcount(out.signers));
  if (bytes.size() != signers * size) return false;
  out.signatures.resize(signers);
  for (std::size_t i = 0; i < signers; ++i) {
    const base::ByteView part = bytes.subspan(i * size, size);
    std::copy(part.begin(), part.end(), out.signatures[i].bytes.begin());
  }
  return get_kind(in.getKind(), out.kind) && get_digest(in.getBlock(), out.block);
}

bool get(capnp::Data::Reader in, BlockHeader& out) {
  const auto header = consensus::parse_header(view_of(in));
  if (header) out = *header;
  return header.has_value();
}

bool get(Headers::Reader in, std::vector<BlockHeader>& out) {
  return get_each(in, Limits::tail, out,
                  [](capnp::Data::Reader item, BlockHeader& header) { return get(item, header); });
}

bool get(schema::Block::Reader in, BlockPtr& out) {
  const auto header = consensus::parse_header(view_of(in.getHeader()));
  if (!header || in.getOps().size() > Limits::block_ops) return false;
  std::vector<base::Bytes> ops;
  ops.reserve(in.getOps().size());
  std::size_t bytes = 0;
  for (const capnp::Data::Reader op : in.getOps()) {
    bytes += op.size();
    if (op.size() > Limits::op_bytes || bytes > Limits::block_bytes) return false;
    const base::ByteView view = view_of(op);
    ops.emplace_back(view.begin(), view.end());
  }
  out = std::make_shared<const Block>(*header, std::move(ops));
  return true;
}

template <class Reader>
bool get_rules(Reader in, consensus::Committee& committee, consensus::Parameters& parameters) {
  if (in.getCommittee().size() > consensus::Committee::members_max) return false;
  std::vector<Validator> members(in.getCommittee().size());
  for (unsigned i = 0; i < members.size(); ++i) {
    const auto member = in.getCommittee()[i];
    if (!get_fixed(member.getNode(), members[i].node)) return false;
    if (!get_fixed(member.getVoteKey(), members[i].vote_key)) return false;
  }
  auto read = consensus::Committee::of(std::move(members));
  if (!read) return false;
  committee = std::move(*read);
  parameters = {.version = in.getVersion(),
                .block_bytes_max = in.getBlockBytesMax(),
                .block_ops_max = in.getBlockOpsMax()};
  return true;
}

bool get(schema::EpochDescriptor::Reader in, EpochDescriptor& out) {
  if (!get_rules(in, out.committee, out.parameters)) return false;
  out.number = in.getNumber();
  out.anchor_height = in.getAnchorHeight();
  return get_fixed(in.getMesh(), out.mesh) && get_digest(in.getPrevious(), out.previous) &&
         get_fixed(in.getAnchorHash(), out.anchor_hash);
}

bool get(schema::EpochProof::Reader in, EpochProof& out) {
  return get(in.getDescriptor(), out.descriptor) && get(in.getSeal(), out.seal) &&
         get(in.getTail(), out.tail) && get(in.getFinalization(), out.finalization);
}

bool get(schema::Piece::Reader in, consensus::Piece& out) {
  const base::ByteView bytes = view_of(in.getBytes());
  out.index = in.getIndex();
  out.offset = in.getOffset();
  out.size = in.getSize();
  out.bytes.assign(bytes.begin(), bytes.end());
  return true;
}

template <class List, class T>
bool get_all(List in, std::size_t size_max, std::vector<T>& out) {
  return get_each(in, size_max, out, [](auto item, T& value) { return get(item, value); });
}

bool get(schema::Proposal::Reader in, consensus::Proposal& out) {
  return get(in.getBlock(), out.block) &&
         get_all(in.getJustification(), Limits::justification, out.justification) &&
         get_fixed(in.getLeaderSignature(), out.leader_signature);
}

bool get(schema::Status::Reader in, consensus::Status& out) {
  out.epoch = in.getEpoch();
  out.finalized_view = in.getFinalizedView();
  out.finalized_height = in.getFinalizedHeight();
  out.view = in.getView();
  out.have_notarizations = in.getHaveNotarizations();
  out.have_nullifications = in.getHaveNullifications();
  out.asks = in.getAsks();
  if (in.hasEntry() && !get(in.getEntry(), out.entry.emplace())) return false;
  return get_fixed(in.getEpochId(), out.epoch_id) &&
         get_digest(in.getFinalizedHash(), out.finalized_hash) &&
         get_all(in.getYourLastVotes(), Limits::votes, out.your_last_votes);
}

bool get(schema::Range::Reader in, consensus::Range& out) {
  return get_all(in.getBlocks(), Limits::blocks, out.blocks) &&
         get(in.getFinalization(), out.finalization) && get(in.getTail(), out.tail);
}

bool get_hashes(Headers::Reader in, std::vector<base::Digest>& out) {
  return get_each(in, Limits::asked, out, [](capnp::Data::Reader item, base::Digest& digest) {
    return get_fixed(item, digest);
  });
}

bool get_question(schema::AgreementMessage::GetCertificates::Reader in,
                  consensus::GetCertificates& out) {
  if (in.getViews().size() > Limits::asked) return false;
  out.epoch = in.getEpoch();
  for (const std::uint64_t view : in.getViews()) out.views.push_back(view);
  return true;
}

bool get_question(schema::AgreementMessage::GetReady::Reader in, consensus::GetReady& out) {
  out.height = in.getHeight();
  out.not_after_height = in.getNotAfterHeight();
  return get_fixed(in.getEpochId(), out.epoch_id) &&
         get_rules(in.getNext(), out.next.committee, out.next.parameters);
}

bool get(schema::AgreementMessage::Readiness::Reader in, consensus::Readiness& out) {
  if (in.getWhy() > static_cast<std::uint8_t>(consensus::Unready::out_of_range)) return false;
  out.why = static_cast<consensus::Unready>(in.getWhy());
  out.not_after_height = in.getNotAfterHeight();
  return get_fixed(in.getEpochId(), out.epoch_id) && get_fixed(in.getNext(), out.next) &&
         get_digest(in.getSignature(), out.signature);
}

bool get_ops(capnp::List<capnp::Data>::Reader in, consensus::OpGossip& out) {
  if (in.size() > Limits::gossiped_ops) return false;
  for (const capnp::Data::Reader op : in) {
    if (op.size() > Limits::op_bytes) return false;
    const base::ByteView view = view_of(op);
    out.ops.emplace_back(view.begin(), view.end());
  }
  return true;
}

bool get(schema::AgreementMessage::SnapshotOffer::Reader in, consensus::SnapshotOffer& out) {
  if (in.getManifest().size() > Limits::manifest_bytes) return false;
  const base::ByteView manifest = view_of(in.getManifest());
  out.manifest.assign(manifest.begin(), manifest.end());
  return get(in.getBlock(), out.block) && get(in.getFinalization(), out.finalization) &&
         get_all(in.getEpochs(), Limits::epochs, out.epochs);
}

bool get(schema::AgreementMessage::GetPieces::Reader in, consensus::GetPieces& out) {
  if (in.getPieces().size() > Limits::pieces) return false;
  for (const std::uint32_t piece : in.getPieces()) out.pieces.push_back(piece);
  out.offset = in.getOffset();
  return get_fixed(in.getRoot(), out.root);
}

bool get(schema::AgreementMessage::Reader in, consensus::Message& out) {
  using Which = schema::AgreementMessage;
  switch (in.which()) {
    case Which::VOTE:
      return get(in.getVote(), out.emplace<Vote>());
    case Which::CERTIFICATE:
      return get(in.getCertificate(), out.emplace<Certificate>());
    case Which::PROPOSAL:
      return get(in.getProposal(), out.emplace<consensus::Proposal>());
    case Which::STATUS:
      return get(in.getStatus(), out.emplace<consensus::Status>());
    case Which::GET_BLOCKS:
      return get_hashes(in.getGetBlocks(), out.emplace<consensus::GetBlocks>().hashes);
    case Which::BLOCKS:
      return get_all(in.getBlocks(), Limits::asked, out.emplace<consensus::Blocks>().blocks);
    case Which::GET_RANGE: {
      const auto range = in.getGetRange();
      out = consensus::GetRange{.epoch = range.getEpoch(),
                                .from_height = range.getFromHeight(),
                                .blocks_max = range.getBlocksMax(),
                                .bytes_max = range.getBytesMax(),
                                .snapshot_after = range.getSnapshotAfter()};
      return true;
    }
    case Which::RANGE:
      return get(in.getRange(), out.emplace<consensus::Range>());
    case Which::GET_CERTIFICATES:
      return get_question(in.getGetCertificates(), out.emplace<consensus::GetCertificates>());
    case Which::CERTIFICATES:
      return get_all(in.getCertificates(), Limits::certificates,
                     out.emplace<consensus::Certificates>().certificates);
    case Which::GET_EPOCHS: {
      const auto epochs = in.getGetEpochs();
      out = consensus::GetEpochs{.from_epoch = epochs.getFromEpoch(),
                                 .epochs_max = epochs.getEpochsMax()};
      return true;
    }
    case Which::EPOCH_PROOFS:
      return get_all(in.getEpochProofs(), Limits::epochs,
                     out.emplace<consensus::EpochProofs>().proofs);
    case Which::OPS:
      return get_ops(in.getOps(), out.emplace<consensus::OpGossip>());
    case Which::SNAPSHOT_OFFER:
      return get(in.getSnapshotOffer(), out.emplace<consensus::SnapshotOffer>());
    case Which::GET_PIECES:
      return get(in.getGetPieces(), out.emplace<consensus::GetPieces>());
    case Which::PIECES: {
      auto& answer = out.emplace<consensus::Pieces>();
      return get_fixed(in.getPieces().getRoot(), answer.root) &&
             get_all(in.getPieces().getPieces(), Limits::pieces, answer.pieces);
    }
    case Which::EVIDENCE: {
      auto& evidence = out.emplace<consensus::Evidence>();
      return get(in.getEvidence().getFirst(), evidence.first) &&
             get(in.getEvidence().getSecond(), evidence.second);
    }
    case Which::GET_READY:
      return get_question(in.getGetReady(), out.emplace<consensus::GetReady>());
    case Which::READINESS:
      return get(in.getReadiness(), out.emplace<consensus::Readiness>());
  }
  return false;
}

bool get(schema::LogRecord::Reader in, consensus::Record& out) {
  switch (in.which()) {
    case schema::LogRecord::EPOCH_START:
      return get(in.getEpochStart(), out.emplace<consensus::EpochStart>().proof);
    case schema::LogRecord::BLOCK:
      return get(in.getBlock(), out.emplace<consensus::BlockBody>().block);
    case schema::LogRecord::CERTIFICATE:
      return get(in.getCertificate(), out.emplace<Certificate>());
    case schema::LogRecord::OWN_VOTE:
      return get(in.getOwnVote(), out.emplace<consensus::OwnVote>().vote);
  }
  return false;
}

bool get(schema::DecisionProof::Reader in, DecisionProof& out) {
  return get(in.getFinalization(), out.finalization) && get(in.getTail(), out.tail);
}

template <class Schema, class T>
base::Result<T, DecodeError> decode(base::ByteView bytes) {
  return unpack<Schema, T>(bytes, Limits::message_bytes, depth_max,
                           [](typename Schema::Reader in, T& out) { return get(in, out); });
}

}  // namespace

base::Result<consensus::Message, DecodeError> decode_agreement(base::ByteView bytes) {
  return decode<schema::AgreementMessage, consensus::Message>(bytes);
}
base::Result<consensus::Record, DecodeError> decode_log_record(base::ByteView bytes) {
  return decode<schema::LogRecord, consensus::Record>(bytes);
}
base::Result<BlockPtr, DecodeError> decode_block(base::ByteView bytes) {
  return decode<schema::Block, BlockPtr>(bytes);
}
base::Result<EpochDescriptor, DecodeError> decode_epoch_descriptor(base::ByteView bytes) {
  return decode<schema::EpochDescriptor, EpochDescriptor>(bytes);
}
base::Result<EpochProof, DecodeError> decode_epoch_proof(base::ByteView bytes) {
  return decode<schema::EpochProof, EpochProof>(bytes);
}
base::Result<DecisionProof, DecodeError> decode_decision_proof(base::ByteView bytes) {
  return decode<schema::DecisionProof, DecisionProof>(bytes);
}

}  // namespace wire
