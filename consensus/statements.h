// Every string of bytes that agreement signs or hashes, with its fixed layout: a 16-byte tag, then
// fields in a fixed order, integers little-endian. Nothing else builds them, and never are Cap'n
// Proto's bytes signed or hashed. CONSENSUS 3.2.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "consensus/application.h"
#include "consensus/block.h"
#include "consensus/committee.h"
#include "consensus/epoch.h"
#include "consensus/vote.h"
#include "crypto/statement.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace consensus {

// 96 bytes. `block` is zero for nullify.
[[nodiscard]] crypto::Statement vote_statement(VoteKind kind, const base::Digest& epoch_id,
                                               View view, const base::Digest& block);
// 120 bytes, signed with a new member's vote key: "I am synced and hold this key".
[[nodiscard]] crypto::Statement ready_statement(const base::Digest& epoch_id, const NextEpoch& next,
                                                Height not_after_height);

constexpr std::size_t header_size = 224;
[[nodiscard]] std::array<std::byte, header_size> header_bytes(const BlockHeader& header);
// Nothing unless these are the bytes of a header: every one of them counts.
[[nodiscard]] std::optional<BlockHeader> parse_header(base::ByteView bytes);

[[nodiscard]] base::Digest committee_root(const Committee& committee);
[[nodiscard]] base::Digest parameters_hash(const Parameters& parameters);
[[nodiscard]] base::Digest epoch_id(const EpochDescriptor& descriptor);
// What a seal says of the next epoch: its committee and its rules.
[[nodiscard]] base::Digest next_epoch_root(const NextEpoch& next);

[[nodiscard]] base::Digest ops_leaf(std::uint32_t index, base::ByteView op);
[[nodiscard]] base::Digest ops_node(const base::Digest& left, const base::Digest& right);

}  // namespace consensus
