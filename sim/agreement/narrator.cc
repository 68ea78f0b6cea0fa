#include "sim/agreement/narrator.h"

#include "base/match.h"

#include <array>
#include <cstddef>
#include <string_view>
#include <variant>

namespace sim::agreement {

namespace {

using consensus::VoteKind;

// Of Message, in its order.
constexpr std::array<std::string_view, std::variant_size_v<consensus::Message>> names{
    "Vote",      "Certificate", "Proposal", "Status",          "GetBlocks",
    "Blocks",    "GetRange",    "Range",    "GetCertificates", "Certificates",
    "GetEpochs", "EpochProofs", "OpGossip", "Evidence",        "SnapshotOffer",
    "GetPieces", "Pieces",      "GetReady", "Readiness"};

std::string_view name_of(VoteKind kind, bool certificate) {
  switch (kind) {
    case VoteKind::notarize:
      return certificate ? "notarization" : "notarize";
    case VoteKind::finalize:
      return certificate ? "finalization" : "finalize";
    case VoteKind::nullify:
      return certificate ? "nullification" : "nullify";
  }
  return "?";
}

}  // namespace

std::string narrate(const consensus::Message& message) {
  return base::match(
      message,
      [](const consensus::Vote& vote) {
        return std::string(name_of(vote.kind, false)) + " of view " + std::to_string(vote.view) +
               " by seat " + std::to_string(vote.signer);
      },
      [](const consensus::Certificate& certificate) {
        return std::string(name_of(certificate.kind, true)) + " of view " +
               std::to_string(certificate.view) + " in epoch " + std::to_string(certificate.epoch);
      },
      [](const consensus::Proposal& proposal) {
        if (!proposal.block) return std::string("proposal of nothing");
        const consensus::BlockHeader& header = proposal.block->header();
        return "proposal of view " + std::to_string(header.view) + ", height " +
               std::to_string(header.height) + " on view " + std::to_string(header.parent_view);
      },
      [&](const auto&) { return std::string(names.at(message.index())); });
}

std::string narrate(const consensus::Replica::Standing& standing) {
  std::string text = "e" + std::to_string(standing.epoch) + " v" + std::to_string(standing.view) +
                     " F" + std::to_string(standing.finalized_view) + " h" +
                     std::to_string(standing.height);
  if (standing.abstains) text += " abstains";
  if (standing.listening) text += " listens";
  if (standing.busy) text += " busy";
  return text + " ops " + std::to_string(standing.pending_ops);
}

}  // namespace sim::agreement
