// Bytes of agreement (agreement.capnp): its messages between nodes, the records of its log, and
// what it keeps in the archive. Decoding is bounded before it allocates and never throws; what it
// yields is still not verified. CONSENSUS 3.3, 3.12.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "consensus/message.h"
#include "consensus/record.h"
#include "wire/decode_error.h"

#include <cstddef>

namespace wire {

// The bounds of what a peer may send, and of what is kept.
struct AgreementLimits {
  static constexpr std::size_t message_bytes = std::size_t{4} * 1024 * 1024;
  static constexpr std::size_t block_bytes = std::size_t{1024} * 1024;  // of ops
  static constexpr std::size_t block_ops = 1024;
  static constexpr std::size_t op_bytes =
      std::size_t{65} * 1024;  // its head and signature included
  static constexpr std::size_t gossiped_ops = 256;
  static constexpr std::size_t pieces = 1024;
  static constexpr std::size_t manifest_bytes = std::size_t{64} * 1024;
  static constexpr std::size_t tail = 256;  // headers behind a seal or block
  static constexpr std::size_t justification = 64;
  static constexpr std::size_t asked = 64;  // hashes or views in a question
  static constexpr std::size_t blocks = 1024;
  static constexpr std::size_t certificates = 64;
  static constexpr std::size_t epochs = 256;
  static constexpr std::size_t votes = 8;
};

[[nodiscard]] base::Bytes encode(const consensus::Message& message);
[[nodiscard]] base::Result<consensus::Message, DecodeError> decode_agreement(base::ByteView bytes);

[[nodiscard]] base::Bytes encode(const consensus::Record& record);
[[nodiscard]] base::Result<consensus::Record, DecodeError> decode_log_record(base::ByteView bytes);

[[nodiscard]] base::Bytes encode(const consensus::Block& block);
[[nodiscard]] base::Result<consensus::BlockPtr, DecodeError> decode_block(base::ByteView bytes);
[[nodiscard]] base::Bytes encode(const consensus::EpochDescriptor& descriptor);
[[nodiscard]] base::Result<consensus::EpochDescriptor, DecodeError> decode_epoch_descriptor(
    base::ByteView bytes);
[[nodiscard]] base::Bytes encode(const consensus::EpochProof& proof);
[[nodiscard]] base::Result<consensus::EpochProof, DecodeError> decode_epoch_proof(
    base::ByteView bytes);

// Why a decided block is decided.
struct DecisionProof {
  consensus::Certificate finalization;
  std::vector<consensus::BlockHeader> tail;
};
[[nodiscard]] base::Bytes encode(const DecisionProof& proof);
[[nodiscard]] base::Result<DecisionProof, DecodeError> decode_decision_proof(base::ByteView bytes);

}  // namespace wire
