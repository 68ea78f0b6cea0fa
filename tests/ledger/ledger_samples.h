// Identities, a layout of agreement's statements that stands in for the real one, and one op of
// each kind, for the ledger's tests.
#pragma once

#include "crypto/digest.h"
#include "crypto/identity.h"
#include "ledger/op.h"
#include "ledger/statements.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace ledger::samples {

inline crypto::Identity identity(std::uint8_t number) {
  crypto::Seed seed;
  seed.bytes[0] = std::byte{number};
  return crypto::Identity::from_seed(seed);
}
inline base::NodeId node(std::uint8_t number) {
  return identity(number).id();
}
// The other key of a validator: that of the identity 100 further on.
inline base::VoteKey vote_key(std::uint8_t number) {
  return *base::VoteKey::from_view(node(static_cast<std::uint8_t>(number + 100)).view());
}
inline base::MeshId mesh() {
  return *base::MeshId::from_view(crypto::digest(base::as_bytes("a mesh")).view());
}
inline base::Digest digest(std::string_view of) {
  return crypto::digest(base::as_bytes(of));
}

inline Seats seats(const std::vector<std::uint8_t>& numbers) {
  Seats out;
  for (const std::uint8_t number : numbers) out.push_back({node(number), vote_key(number)});
  std::sort(out.begin(), out.end());
  return out;
}

class Statements final : public AgreementStatements {
 public:
  [[nodiscard]] crypto::Statement vote(const base::Digest& epoch_id, std::uint64_t view,
                                       const EvidenceVote& vote) const override {
    crypto::Statement out(crypto::Purpose::accusation, mesh());
    out.fixed(epoch_id.view()).u64(view).u8(static_cast<std::uint8_t>(vote.kind));
    return std::move(out.fixed(vote.block.view()));
  }
  [[nodiscard]] crypto::Statement ready(const base::Digest& epoch_id, const Seats& next,
                                        const Parameters& parameters,
                                        std::uint64_t not_after_height) const override {
    crypto::Statement out(crypto::Purpose::record, mesh());
    Writer rest;
    write_seats(rest, next);
    parameters.write(rest);
    out.fixed(epoch_id.view()).fixed(rest.take()).u64(not_after_height);
    return out;
  }
};

inline ReportEvidence evidence(std::uint8_t liar, std::uint64_t epoch, std::uint64_t view,
                               const base::Digest& epoch_id) {
  ReportEvidence out;
  out.epoch = epoch;
  out.epoch_id = epoch_id;
  out.view = view;
  out.signer = {node(liar), vote_key(liar)};
  out.first.block = std::min(digest("x"), digest("y"));
  out.second.block = std::max(digest("x"), digest("y"));
  const crypto::Identity voter = identity(static_cast<std::uint8_t>(liar + 100));
  for (EvidenceVote* vote : {&out.first, &out.second}) {
    vote->signature = voter.sign(Statements().vote(epoch_id, view, *vote));
  }
  return out;
}

inline Invitation invitation(std::uint8_t inviter, const base::NodeId& invitee, std::uint64_t nonce,
                             std::uint64_t not_after_ms) {
  Invitation out;
  out.inviter = node(inviter);
  out.invitee = invitee;
  out.nonce = nonce;
  out.not_after_ms = not_after_ms;
  out.signature = sign(out, identity(inviter), mesh());
  return out;
}

// `numbers` sit in the next committee, and all of them are ready.
inline Reconfigure reconfigure(const base::Digest& epoch_id,
                               const std::vector<std::uint8_t>& numbers,
                               std::uint64_t not_after_height) {
  Reconfigure out;
  out.epoch_id = epoch_id;
  out.seats = seats(numbers);
  for (std::uint16_t seat = 0; seat < out.seats.size(); ++seat) {
    Ready ready{.seat = seat, .not_after_height = not_after_height, .signature = {}};
    for (const std::uint8_t number : numbers) {
      if (vote_key(number) != out.seats[seat].vote_key) continue;
      ready.signature =
          identity(static_cast<std::uint8_t>(number + 100))
              .sign(Statements().ready(epoch_id, out.seats, out.parameters, not_after_height));
    }
    out.ready.push_back(ready);
  }
  return out;
}

inline OpenBallot ballot(std::string_view question, Electorate electorate,
                         std::uint32_t agree_needed, std::uint64_t until_ms) {
  OpenBallot out;
  out.question = question;
  out.electorate = std::move(electorate);
  out.agree_needed = agree_needed;
  out.until_ms = until_ms;
  return out;
}
inline OpenBallot ballot(std::string_view question, Electorate electorate,
                         std::uint32_t agree_needed, std::uint64_t until_ms,
                         const Payload& effect) {
  OpenBallot out = ballot(question, std::move(electorate), agree_needed, until_ms);
  out.effect = Effect{.kind = kind_of(effect), .payload = encode_payload(effect)};
  return out;
}
inline Electorate role(std::string_view name) {
  return {.role = std::string(name), .nodes = {}};
}
inline Electorate list(std::vector<std::uint8_t> numbers) {
  Electorate out;
  for (const std::uint8_t number : numbers) out.nodes.push_back(node(number));
  std::sort(out.nodes.begin(), out.nodes.end());
  return out;
}

inline PutDocument put(std::string_view key, std::string_view value,
                       std::uint64_t expected = Expected::any) {
  return {.key = std::string(key), .expected = expected, .value = base::to_bytes(value)};
}

// One of each kind.
inline std::vector<Payload> payloads() {
  return {
      reconfigure(digest("epoch"), {1, 2, 3, 4}, 70),
      evidence(3, 2, 17, digest("epoch")),
      DefineRole{.name = "clerk", .rights = {Right::write_documents}, .prefixes = {"a/", "b/"}},
      RemoveRole{.name = "clerk"},
      SetRule{.right = Right::evict,
              .rule = {.direct = false, .electorate = "voter", .share_ppm = 666'666}},
      ballot("pay?", role("voter"), 2, 1'000, put("paid", "yes")),
      CastBallot{.ballot = digest("ballot"), .choice = Choice::reject},
      WithdrawBallot{.ballot = digest("ballot")},
      Join{.invitation = invitation(1, {}, 8, 99)},
      Admit{.node = node(7), .roles = {"clerk", "voter"}},
      Leave{},
      Evict{.node = node(7), .reason = "lies", .evidence = digest("log")},
      Revoke{.node = node(7), .reason = "stolen laptop"},
      AssignRoles{.node = node(7), .roles = {}},
      Forget{.node = node(7)},
      SetPolicy{.name = "inventory",
                .scope = "inventory.*",
                .local_may_override = true,
                .yaml = "retry:\n  attempts: 3\n",
                .expected = 4},
      RemovePolicy{.name = "inventory", .expected = Expected::any},
      put("stock/lyon", "12", Expected::absent),
      DeleteDocument{.key = "stock/lyon", .expected = 9},
  };
}

}  // namespace ledger::samples
