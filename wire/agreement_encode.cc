#include "base/match.h"
#include "consensus/statements.h"
#include "wire/agreement_codec.h"
#include "wire/packed.h"

#include <wire/agreement.capnp.h>

#include <algorithm>
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
using Headers = capnp::List<capnp::Data>;

unsigned count(std::size_t size) {
  return static_cast<unsigned>(size);
}

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
base::Bytes encode(const EpochDescriptor& descriptor) {
  return encode_as<schema::EpochDescriptor>(descriptor);
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

}  // namespace wire
