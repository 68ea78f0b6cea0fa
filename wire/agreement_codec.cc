#include "wire/agreement_codec.h"

#include "base/match.h"
#include "consensus/statements.h"
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

unsigned count(std::size_t size) {
  return static_cast<unsigned>(size);
}

// ---- encode ----

void put(schema::Vote::Builder out, const Vote& in) {
  out.setKind(static_cast<std::uint8_t>(in.kind));
  out.setEpoch(in.epoch);
  out.setView(in.view);
  if (!in.block.is_zero()) out.setBlock(data_of(in.block.view()));
  out.setSigner(in.signer);
  out.setSignature(data_of(in.signature.view()));
}

void put(schema::Certificate::Builder out, const Certificate& in) {
  out.setKind(static_cast<std::uint8_t>(in.kind));
  out.setEpoch(in.epoch);
  out.setView(in.view);
  if (!in.block.is_zero()) out.setBlock(data_of(in.block.view()));
  out.setSigners(in.signers);
  constexpr std::size_t size = crypto::Signature::size;
  capnp::Data::Builder bytes = out.initSignatures(count(in.signatures.size() * size));
  for (std::size_t i = 0; i < in.signatures.size(); ++i) {
    const base::ByteView signature = in.signatures[i].view();
    std::copy(signature.begin(), signature.end(),
              reinterpret_cast<std::byte*>(bytes.begin()) + i * size);
  }
}

void put(schema::Block::Builder out, const Block& in) {
  out.setHeader(data_of(consensus::header_bytes(in.header())));
  auto ops = out.initOps(count(in.ops().size()));
  for (unsigned i = 0; i < ops.size(); ++i) ops.set(i, data_of(in.ops()[i]));
}

void put(Headers::Builder out, const std::vector<BlockHeader>& in) {
  for (unsigned i = 0; i < out.size(); ++i) out.set(i, data_of(consensus::header_bytes(in[i])));
}

// Of a descriptor, and of what a seal would begin.
template <class Builder>
void put_rules(Builder out, const consensus::Committee& committee,
               const consensus::Parameters& parameters) {
  auto members = out.initCommittee(count(committee.size()));
  for (unsigned i = 0; i < members.size(); ++i) {
    const Validator& member = committee.members()[i];
    members[i].setNode(data_of(member.node.view()));
    members[i].setVoteKey(data_of(member.vote_key.view()));
  }
  out.setVersion(parameters.version);
  out.setBlockBytesMax(parameters.block_bytes_max);
  out.setBlockOpsMax(parameters.block_ops_max);
}

void put(schema::EpochDescriptor::Builder out, const EpochDescriptor& in) {
  out.setMesh(data_of(in.mesh.view()));
  out.setNumber(in.number);
  if (!in.previous.is_zero()) out.setPrevious(data_of(in.previous.view()));
  out.setAnchorHash(data_of(in.anchor_hash.view()));
  out.setAnchorHeight(in.anchor_height);
  put_rules(out, in.committee, in.parameters);
}

void put(schema::EpochProof::Builder out, const EpochProof& in) {
  put(out.initDescriptor(), in.descriptor);
  out.setSeal(data_of(consensus::header_bytes(in.seal)));
  put(out.initTail(count(in.tail.size())), in.tail);
  put(out.initFinalization(), in.finalization);
}

void put(schema::Piece::Builder out, const consensus::Piece& in) {
  out.setIndex(in.index);
  out.setOffset(in.offset);
  out.setSize(in.size);
  out.setBytes(data_of(in.bytes));
}

template <class List, class T>
void put_all(List out, const std::vector<T>& in) {
  for (unsigned i = 0; i < out.size(); ++i) put(out[i], in[i]);
}

template <class List>
void put_blocks(List out, const std::vector<BlockPtr>& in) {
  for (unsigned i = 0; i < out.size(); ++i) put(out[i], *in[i]);
}

void put(schema::Proposal::Builder out, const consensus::Proposal& in) {
  put(out.initBlock(), *in.block);
  put_all(out.initJustification(count(in.justification.size())), in.justification);
  out.setLeaderSignature(data_of(in.leader_signature.view()));
}

void put(schema::Status::Builder out, const consensus::Status& in) {
  out.setEpoch(in.epoch);
  out.setEpochId(data_of(in.epoch_id.view()));
  out.setFinalizedView(in.finalized_view);
  out.setFinalizedHeight(in.finalized_height);
  out.setFinalizedHash(data_of(in.finalized_hash.view()));
  out.setView(in.view);
  out.setHaveNotarizations(in.have_notarizations);
  out.setHaveNullifications(in.have_nullifications);
  if (in.entry) put(out.initEntry(), *in.entry);
  put_all(out.initYourLastVotes(count(in.your_last_votes.size())), in.your_last_votes);
  out.setAsks(in.asks);
}

void put(schema::Range::Builder out, const consensus::Range& in) {
  put_blocks(out.initBlocks(count(in.blocks.size())), in.blocks);
  put(out.initFinalization(), in.finalization);
  put(out.initTail(count(in.tail.size())), in.tail);
}

void put_question(schema::AgreementMessage::Builder out, const consensus::GetBlocks& in) {
  auto hashes = out.initGetBlocks(count(in.hashes.size()));
  for (unsigned i = 0; i < hashes.size(); ++i) hashes.set(i, data_of(in.hashes[i].view()));
}
void put_question(schema::AgreementMessage::Builder out, const consensus::GetRange& in) {
  auto range = out.initGetRange();
  range.setEpoch(in.epoch);
  range.setFromHeight(in.from_height);
  range.setBlocksMax(in.blocks_max);
  range.setBytesMax(in.bytes_max);
  range.setSnapshotAfter(in.snapshot_after);
}
void put_question(schema::AgreementMessage::Builder out, const consensus::GetCertificates& in) {
  auto group = out.initGetCertificates();
  group.setEpoch(in.epoch);
  auto views = group.initViews(count(in.views.size()));
  for (unsigned i = 0; i < views.size(); ++i) views.set(i, in.views[i]);
}
void put_question(schema::AgreementMessage::Builder out, const consensus::GetEpochs& in) {
  auto group = out.initGetEpochs();
  group.setFromEpoch(in.from_epoch);
  group.setEpochsMax(in.epochs_max);
}
void put_question(schema::AgreementMessage::Builder out, const consensus::GetReady& in) {
  auto group = out.initGetReady();
  group.setEpochId(data_of(in.epoch_id.view()));
  group.setHeight(in.height);
  put_rules(group.initNext(), in.next.committee, in.next.parameters);
  group.setNotAfterHeight(in.not_after_height);
}

void put_question(schema::AgreementMessage::Builder out, const consensus::GetPieces& in) {
  auto group = out.initGetPieces();
  group.setRoot(data_of(in.root.view()));
  group.setOffset(in.offset);
  auto pieces = group.initPieces(count(in.pieces.size()));
  for (unsigned i = 0; i < pieces.size(); ++i) pieces.set(i, in.pieces[i]);
}

void put(schema::AgreementMessage::SnapshotOffer::Builder out, const consensus::SnapshotOffer& in) {
  put(out.initBlock(), *in.block);
  put(out.initFinalization(), in.finalization);
  put_all(out.initEpochs(count(in.epochs.size())), in.epochs);
  out.setManifest(data_of(in.manifest));
}

// ---- decode; each returns false when a field breaks its bound ----

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
  if (in.size() > Limits::tail) return false;
  out.resize(in.size());
  for (unsigned i = 0; i < in.size(); ++i) {
    if (!get(in[i], out[i])) return false;
  }
  return true;
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
  if (in.size() > size_max) return false;
  out.resize(in.size());
  for (unsigned i = 0; i < in.size(); ++i) {
    if (!get(in[i], out[i])) return false;
  }
  return true;
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
  if (in.size() > Limits::asked) return false;
  out.resize(in.size());
  for (unsigned i = 0; i < in.size(); ++i) {
    if (!get_fixed(in[i], out[i])) return false;
  }
  return true;
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

template <class Schema, class T>
base::Bytes encode_as(const T& value) {
  capnp::MallocMessageBuilder message;
  put(message.initRoot<Schema>(), value);
  return pack(message);
}

}  // namespace

base::Bytes encode(const consensus::Message& message) {
  capnp::MallocMessageBuilder builder;
  auto out = builder.initRoot<schema::AgreementMessage>();
  base::match(
      message, [&](const Vote& in) { put(out.initVote(), in); },
      [&](const Certificate& in) { put(out.initCertificate(), in); },
      [&](const consensus::Proposal& in) { put(out.initProposal(), in); },
      [&](const consensus::Status& in) { put(out.initStatus(), in); },
      [&](const consensus::Blocks& in) {
        put_blocks(out.initBlocks(count(in.blocks.size())), in.blocks);
      },
      [&](const consensus::Range& in) { put(out.initRange(), in); },
      [&](const consensus::Certificates& in) {
        put_all(out.initCertificates(count(in.certificates.size())), in.certificates);
      },
      [&](const consensus::EpochProofs& in) {
        put_all(out.initEpochProofs(count(in.proofs.size())), in.proofs);
      },
      [&](const consensus::OpGossip& in) {
        auto ops = out.initOps(count(in.ops.size()));
        for (std::size_t i = 0; i < in.ops.size(); ++i) ops.set(count(i), data_of(in.ops[i]));
      },
      [&](const consensus::SnapshotOffer& in) { put(out.initSnapshotOffer(), in); },
      [&](const consensus::Pieces& in) {
        out.initPieces().setRoot(data_of(in.root.view()));
        put_all(out.getPieces().initPieces(count(in.pieces.size())), in.pieces);
      },
      [&](const consensus::Evidence& in) {
        put(out.initEvidence().initFirst(), in.first);
        put(out.getEvidence().initSecond(), in.second);
      },
      [&](const consensus::Readiness& in) {
        auto group = out.initReadiness();
        group.setEpochId(data_of(in.epoch_id.view()));
        group.setNext(data_of(in.next.view()));
        group.setNotAfterHeight(in.not_after_height);
        group.setWhy(static_cast<std::uint8_t>(in.why));
        if (in.why == consensus::Unready::no) group.setSignature(data_of(in.signature.view()));
      },
      [&](const auto& question) { put_question(out, question); });
  return pack(builder);
}

base::Bytes encode(const consensus::Record& record) {
  capnp::MallocMessageBuilder builder;
  auto out = builder.initRoot<schema::LogRecord>();
  base::match(
      record, [&](const consensus::EpochStart& in) { put(out.initEpochStart(), in.proof); },
      [&](const consensus::BlockBody& in) { put(out.initBlock(), *in.block); },
      [&](const Certificate& in) { put(out.initCertificate(), in); },
      [&](const consensus::OwnVote& in) { put(out.initOwnVote(), in.vote); });
  return pack(builder);
}

base::Bytes encode(const Block& block) {
  return encode_as<schema::Block>(block);
}
base::Bytes encode(const EpochProof& proof) {
  return encode_as<schema::EpochProof>(proof);
}
base::Bytes encode(const DecisionProof& proof) {
  capnp::MallocMessageBuilder builder;
  auto out = builder.initRoot<schema::DecisionProof>();
  put(out.initFinalization(), proof.finalization);
  put(out.initTail(count(proof.tail.size())), proof.tail);
  return pack(builder);
}

base::Result<consensus::Message, DecodeError> decode_agreement(base::ByteView bytes) {
  return decode<schema::AgreementMessage, consensus::Message>(bytes);
}
base::Result<consensus::Record, DecodeError> decode_log_record(base::ByteView bytes) {
  return decode<schema::LogRecord, consensus::Record>(bytes);
}
base::Result<BlockPtr, DecodeError> decode_block(base::ByteView bytes) {
  return decode<schema::Block, BlockPtr>(bytes);
}
base::Result<EpochProof, DecodeError> decode_epoch_proof(base::ByteView bytes) {
  return decode<schema::EpochProof, EpochProof>(bytes);
}
base::Result<DecisionProof, DecodeError> decode_decision_proof(base::ByteView bytes) {
  return decode<schema::DecisionProof, DecisionProof>(bytes);
}

}  // namespace wire
