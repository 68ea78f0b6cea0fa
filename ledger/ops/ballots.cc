#include "ledger/ops/ballots.h"

#include "ledger/ops/handlers.h"

#include <algorithm>
#include <utility>

namespace ledger {

namespace {

struct Count {
  std::uint32_t agreed = 0;
  std::uint32_t rejected = 0;
};

Count count(const Tally& tally) {
  Count out;
  for (const Tally::Vote& vote : tally.votes) {
    ++(vote.choice == Choice::agree ? out.agreed : out.rejected);
  }
  return out;
}

bool may_vote(const Scene& scene, const Electorate& electorate, const base::NodeId& node) {
  const std::optional<Member> member = scene.read<Member>(key::member(node));
  if (!member || !member->admitted()) return false;
  if (!electorate.role.empty()) return member->has_role(electorate.role);
  return std::binary_search(electorate.nodes.begin(), electorate.nodes.end(), node);
}

Actor actor_of(const Ballot& ballot, std::uint32_t agreed) {
  return {.node = ballot.opener,
          .approval = Approval{.electorate = ballot.ask.electorate.role, .agreed = agreed}};
}

// How many have to agree: as many as the ballot says, and as a rule wants if the effect rests on
// the ballot and not on who opened it.
std::uint32_t needed(const Scene& scene, const Ballot& ballot) {
  if (!ballot.ask.effect) return ballot.ask.agree_needed;
  const Right right = right_for(ballot.ask.effect->kind);
  const Actor opener{.node = ballot.opener, .approval = std::nullopt};
  if (!authorise(scene, opener, right)) return ballot.ask.agree_needed;
  const Rule rule = rule_of(scene, right);
  if (rule.electorate != ballot.ask.electorate.role) return ballot.ask.agree_needed;
  return std::max(ballot.ask.agree_needed, rule.needed(holders_of(scene, rule.electorate)));
}

// Those who may vote now; votes of others no longer count.
std::uint64_t voters(const Scene& scene, const Electorate& electorate) {
  if (electorate.role.empty()) return electorate.nodes.size();
  return holders_of(scene, electorate.role);
}

void bring_about(Scene& scene, Ballot& ballot) {
  const std::optional<Payload> effect =
      parse_payload(ballot.ask.effect->kind, ballot.ask.effect->payload);
  CHECK(effect.has_value());  // reading the ballot saw to that
  const Scene::Mark mark = scene.mark();
  const Refusal refusal = apply_payload(scene, actor_of(ballot, ballot.agreed), *effect);
  if (!refusal) return;
  scene.rollback(mark);
  ballot.effect_refusal = static_cast<std::uint8_t>(*refusal);
}

void forget_oldest(Scene& scene, BallotIndex& index) {
  while (index.closed.size() > scene.limits().ballots_kept_max) {
    scene.erase(key::ballot(index.closed.front()));
    scene.erase(key::tally(index.closed.front()));
    index.closed.erase(index.closed.begin());
  }
}

void close(Scene& scene, const base::Digest& id, Ballot ballot, BallotResult result,
           const Count& votes) {
  auto index = scene.get<BallotIndex>(key::ballots);
  std::erase_if(index.open, [&](const BallotIndex::Open& open) { return open.id == id; });
  index.closed.push_back(id);
  forget_oldest(scene, index);
  scene.write(key::ballots, index);

  ballot.result = result;
  ballot.closed_height = scene.block().height;
  ballot.agreed = votes.agreed;
  ballot.rejected = votes.rejected;
  const std::size_t place = scene.events().size();
  BallotClosed closed{.id = id,
                      .result = result,
                      .agreed = votes.agreed,
                      .rejected = votes.rejected,
                      .effect_refusal = std::nullopt};
  scene.tell(closed);
  if (result == BallotResult::carried && ballot.ask.effect) bring_about(scene, ballot);
  if (ballot.effect_refusal != 0) {
    closed.effect_refusal = static_cast<Reason>(ballot.effect_refusal);
    scene.events()[place] = closed;
  }
  // A ballot that is forgotten in the very block that closes it is not written again.
  if (scene.draft().find(key::ballot(id))) scene.write(key::ballot(id), ballot);
}

// Takes the votes out of those who may not vote any more.
void purge(const Scene& scene, const Electorate& electorate, Tally& tally) {
  std::erase_if(tally.votes,
                [&](const Tally::Vote& vote) { return !may_vote(scene, electorate, vote.voter); });
}

void put_vote(Tally& tally, const base::NodeId& voter, Choice choice) {
  const auto at = std::lower_bound(
      tally.votes.begin(), tally.votes.end(), voter,
      [](const Tally::Vote& vote, const base::NodeId& node) { return vote.voter < node; });
  if (at != tally.votes.end() && at->voter == voter) {
    at->choice = choice;
  } else {
    tally.votes.insert(at, Tally::Vote{.voter = voter, .choice = choice});
  }
}

// Whether so many rejected that no votes to come could carry it.
bool is_lost(const Scene& scene, const Ballot& ballot, const Count& votes) {
  return votes.rejected > 0 && voters(scene, ballot.ask.electorate) <
                                   std::uint64_t{votes.rejected} + needed(scene, ballot);
}

}  // namespace

Refusal open_ballot(Scene& scene, const Actor& actor, const OpenBallot& op,
                    const base::Digest& id) {
  if (const Refusal refusal = authorise(scene, actor, Right::open_ballots)) return refusal;
  const std::uint64_t now = scene.block().timestamp_ms;
  if (op.until_ms < now || op.until_ms - now > scene.limits().ballot_ms_max) {
    return Reason::out_of_range;
  }
  if (!op.electorate.role.empty() && !scene.read<Role>(key::role(op.electorate.role))) {
    return Reason::unknown_role;
  }
  const std::size_t votes_max =
      op.electorate.role.empty() ? op.electorate.nodes.size() : scene.limits().votes_max;
  if (op.agree_needed > votes_max) return Reason::out_of_range;
  if (op.effect) {
    // Whoever may not do it alone may only ask those who may.
    const Right right = right_for(op.effect->kind);
    const Refusal alone = authorise(scene, actor, right);
    if (alone && rule_of(scene, right).electorate != op.electorate.role) return alone;
  }

  auto index = scene.get<BallotIndex>(key::ballots);
  const auto own =
      std::count_if(index.open.begin(), index.open.end(),
                    [&](const BallotIndex::Open& open) { return open.opener == actor.node; });
  if (index.open.size() >= scene.limits().ballots_open_max ||
      static_cast<std::size_t>(own) >= scene.limits().ballots_open_per_member_max ||
      bucket_is_full(scene, key::ballot(id))) {
    return Reason::full;
  }
  const BallotIndex::Open open{.until_ms = op.until_ms, .id = id, .opener = actor.node};
  index.open.insert(std::lower_bound(index.open.begin(), index.open.end(), open), open);
  scene.write(key::ballots, index);
  Ballot ballot;
  ballot.opener = actor.node;
  ballot.opened_height = scene.block().height;
  ballot.ask = op;
  scene.write(key::ballot(id), ballot);
  scene.write(key::tally(id), Tally{});
  scene.tell(BallotOpened{.id = id});
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const CastBallot& op) {
  std::optional<Ballot> ballot = scene.read<Ballot>(key::ballot(op.ballot));
  if (!ballot) return Reason::unknown_ballot;
  if (ballot->result != BallotResult::open) return Reason::ballot_closed;
  if (!may_vote(scene, ballot->ask.electorate, actor.node)) return Reason::no_voter;

  auto tally = scene.get<Tally>(key::tally(op.ballot));
  put_vote(tally, actor.node, op.choice);
  Count votes = count(tally);
  if (votes.agreed >= needed(scene, *ballot) || is_lost(scene, *ballot, votes) ||
      tally.votes.size() > scene.limits().votes_max) {
    purge(scene, ballot->ask.electorate, tally);
    votes = count(tally);
  }
  if (tally.votes.size() > scene.limits().votes_max) return Reason::full;
  scene.write(key::tally(op.ballot), tally);
  scene.tell(BallotCast{.id = op.ballot, .voter = actor.node, .choice = op.choice});
  if (votes.agreed >= needed(scene, *ballot)) {
    close(scene, op.ballot, *std::move(ballot), BallotResult::carried, votes);
  } else if (is_lost(scene, *ballot, votes)) {
    close(scene, op.ballot, *std::move(ballot), BallotResult::rejected, votes);
  }
  return std::nullopt;
}

Refusal apply(Scene& scene, const Actor& actor, const WithdrawBallot& op) {
  std::optional<Ballot> ballot = scene.read<Ballot>(key::ballot(op.ballot));
  if (!ballot) return Reason::unknown_ballot;
  if (ballot->result != BallotResult::open) return Reason::ballot_closed;
  // Others take away what somebody filled the bound of open ballots with.
  if (ballot->opener != actor.node) {
    if (const Refusal refusal = authorise(scene, actor, Right::set_rules)) return refusal;
  }
  close(scene, op.ballot, *std::move(ballot), BallotResult::withdrawn,
        count(scene.get<Tally>(key::tally(op.ballot))));
  return std::nullopt;
}

void expire_ballots(Scene& scene) {
  const auto index = scene.get<BallotIndex>(key::ballots);
  for (const BallotIndex::Open& open : index.open) {
    if (open.until_ms >= scene.block().timestamp_ms) break;
    close(scene, open.id, scene.get<Ballot>(key::ballot(open.id)), BallotResult::expired,
          count(scene.get<Tally>(key::tally(open.id))));
  }
}

}  // namespace ledger
