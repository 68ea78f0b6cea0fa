// Ops of every kind by chance, about few nodes, keys and ballots, so that they meet: most are valid
// somewhere and many are not. Their signatures are not checked, so they have none.
#pragma once

#include "base/rng.h"
#include "crypto/verified.h"
#include "ledger/execution.h"
#include "tests/ledger/ledger_samples.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace ledger::samples {

class RandomOps {
 public:
  RandomOps(std::uint64_t seed, Admission admission) : rng_(seed), admission_(admission) {
    for (std::uint8_t i = 1; i <= people; ++i) identities_.push_back(identity(i));
  }

  // For a block that stands there.
  crypto::Verified<Op> next(const BlockContext& block) {
    const auto author = static_cast<std::size_t>(rng_.below(people));
    Payload payload = any(block);
    // Now and then one that was used, or is too old.
    const std::uint64_t sequence = rng_.chance(50'000) ? 1 : ++sequence_;
    const std::uint64_t late = rng_.chance(30'000) ? 0 : 50'000;
    Op op = Op::sign(identities_[author], mesh(), sequence, block.timestamp_ms - 5 + late,
                     std::move(payload));
    if (op.kind() == OpKind::open_ballot) ballots_.push_back(op.id());
    return crypto::Verified<Op>::own(std::move(op));
  }

  base::Rng& rng() { return rng_; }

 private:
  static constexpr std::uint8_t people = 9;

  base::NodeId who() { return identities_[static_cast<std::size_t>(rng_.below(people))].id(); }
  std::uint8_t number() { return static_cast<std::uint8_t>(1 + rng_.below(people)); }
  std::string key() { return "k/" + std::to_string(rng_.below(12)); }
  std::string role_name() {
    return rng_.pick(std::vector<std::string>{"operator", "voter", "member", "clerk", "cook"});
  }
  std::uint64_t expected() { return rng_.chance(700'000) ? Expected::any : rng_.below(40); }
  RoleNames role_names() {
    RoleNames out;
    for (const char* role : {"clerk", "operator", "voter"}) {
      if (rng_.chance(500'000)) out.emplace_back(role);
    }
    return out;
  }
  base::Digest some_ballot() {
    if (ballots_.empty()) return digest("none");
    // One of the newest, mostly.
    const std::size_t back = static_cast<std::size_t>(rng_.below(6));
    return ballots_[ballots_.size() - 1 - std::min(back, ballots_.size() - 1)];
  }
  Reconfigure some_committee(const BlockContext& block) {
    std::vector<std::uint8_t> numbers{1, 2, 3, 4};
    const std::uint8_t other = number();
    if (other > 4) numbers[static_cast<std::size_t>(rng_.below(4))] = other;
    if (rng_.chance(300'000)) numbers.pop_back();
    Reconfigure out;
    out.epoch_id = block.epoch_id;
    out.seats = seats(numbers);
    for (std::uint16_t i = 0; i < out.seats.size(); ++i) {
      out.ready.push_back({.seat = i, .not_after_height = block.height + 5, .signature = {}});
    }
    return out;
  }
  ReportEvidence some_evidence(const BlockContext& block) {
    ReportEvidence out;
    out.epoch = block.epoch;
    out.epoch_id = block.epoch_id;
    out.view = rng_.below(5);
    const std::uint8_t liar = number();
    out.signer = {node(liar), vote_key(liar)};
    out.second.block = digest("y");
    return out;
  }

  Payload any(const BlockContext& block) {
    switch (rng_.below(24)) {
      case 0:
        return OpenBallot(ballot("?", role(role_name()), 1 + number() % 3,
                                 block.timestamp_ms + rng_.below(20'000), effect(block)));
      case 1:
        return OpenBallot(ballot("?", list({number()}), 1, block.timestamp_ms + 9'000));
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
        return CastBallot{.ballot = some_ballot(),
                          .choice = rng_.chance(700'000) ? Choice::agree : Choice::reject};
      case 7:
        return WithdrawBallot{.ballot = some_ballot()};
      case 8:
        return rng_.chance(200'000) ? Payload(some_evidence(block)) : Payload(Leave{});
      case 9: {
        if (admission_ != Admission::invitation) return Join{};
        Invitation invitation;
        invitation.inviter = who();
        invitation.nonce = rng_.below(20);
        invitation.not_after_ms = block.timestamp_ms + 10'000;
        return Join{invitation};
      }
      case 10:
      case 11:
      case 12:
      case 13:
      case 14:
        return put(key(), std::to_string(rng_.below(1000)), expected());
      default:
        return effect(block);
    }
  }
  Payload effect(const BlockContext& block) {
    switch (rng_.below(14)) {
      case 0:
        return some_committee(block);
      case 1:
        return DefineRole{.name = role_name(), .rights = Rights::all(), .prefixes = {"", "k/1"}};
      case 2:
        return RemoveRole{role_name()};
      case 3:
        return SetRule{.right = static_cast<Right>(rng_.below(right_count)),
                       .rule = {.direct = rng_.chance(700'000),
                                .electorate = role_name(),
                                .share_ppm = static_cast<std::uint32_t>(rng_.below(600'000))}};
      case 4:
        return Admit{.node = who(), .roles = role_names()};
      case 5:
        return Evict{.node = who(), .reason = "chance", .evidence = {}};
      case 6:
        return rng_.chance(100'000) ? Payload(Revoke{.node = who(), .reason = "chance"})
                                    : Payload(Admit{.node = who(), .roles = {}});
      case 7:
      case 8:
        return AssignRoles{.node = who(), .roles = role_names()};
      case 9:
        return Forget{who()};
      case 10: {
        SetPolicy out;
        out.name = "p" + std::to_string(rng_.below(4));
        out.yaml = std::string(static_cast<std::size_t>(rng_.below(30)), 'y');
        out.expected = expected();
        return out;
      }
      case 11:
        return RemovePolicy{.name = "p" + std::to_string(rng_.below(4)), .expected = expected()};
      case 12:
        return put(key(), std::to_string(rng_.below(1000)), expected());
      default:
        return DeleteDocument{.key = key(), .expected = expected()};
    }
  }

  base::Rng rng_;
  Admission admission_;
  std::vector<crypto::Identity> identities_;
  std::vector<base::Digest> ballots_;
  std::uint64_t sequence_ = 1;
};

}  // namespace ledger::samples
