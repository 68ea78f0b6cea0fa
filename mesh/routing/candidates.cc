#include "mesh/routing/candidates.h"

#include "base/check.h"

#include <algorithm>

namespace mesh::routing {

namespace {

Rank rank_of_availability(Availability availability) {
  switch (availability) {
    case Availability::serving:
      return Rank::serving;
    case Availability::at_capacity:
      return Rank::at_capacity;
    case Availability::degraded:
      return Rank::degraded;
    case Availability::suspect:
      return Rank::suspect;
    case Availability::joining:
      return Rank::joining;
    case Availability::draining:
    case Availability::left:
    case Availability::dead:
      return Rank::excluded;
  }
  CHECK(false);
  return {};
}

Exclusion own_agents_exclusion(const OwnAgent& own) {
  if (own.draining) return Exclusion::own_agent_draining;
  if (own.unwell) return Exclusion::own_agent_unwell;
  if (own.full) return Exclusion::own_agent_full;
  return Exclusion::none;
}

void count(Exclusion exclusion, Candidates& out) {
  switch (exclusion) {
    case Exclusion::unmet:
      ++out.unmet;
      break;
    case Exclusion::in_path:
      ++out.in_path;
      break;
    case Exclusion::own_agent_full:
      ++out.full;
      break;
    case Exclusion::own_agent_unwell:
      ++out.unwell;
      break;
    case Exclusion::none:
    case Exclusion::tried:
    case Exclusion::unavailable:
    case Exclusion::own_agent_draining:
      break;
  }
}

}  // namespace

std::string_view to_string(Exclusion exclusion) {
  switch (exclusion) {
    case Exclusion::none:
      return "none";
    case Exclusion::unmet:
      return "unmet";
    case Exclusion::in_path:
      return "in_path";
    case Exclusion::tried:
      return "tried";
    case Exclusion::unavailable:
      return "unavailable";
    case Exclusion::own_agent_unwell:
      return "unhealthy";
    case Exclusion::own_agent_full:
      return "at_capacity";
    case Exclusion::own_agent_draining:
      return "draining";
  }
  CHECK(false);
  return {};
}

Exclusion exclusion_of(const Catalogue::Offer& offer, const Question& question) {
  const Catalogue::Entry& entry = *offer.entry;
  if (!takes_calls(entry.provider.availability)) return Exclusion::unavailable;
  if (!question.requirements.empty() && !question.requirements.unmet(*offer.capability).empty()) {
    return Exclusion::unmet;
  }
  if (!question.path.empty() && passes(question.path, Hop::of(entry.node))) {
    return Exclusion::in_path;
  }
  if (std::ranges::find(question.tried, entry.node) != question.tried.end()) {
    return Exclusion::tried;
  }
  if (entry.node == question.own.node) return own_agents_exclusion(question.own);
  return Exclusion::none;
}

Rank rank_of(const Catalogue::Offer& offer, const Question& question) {
  const Rank rank = rank_of_availability(offer.entry->provider.availability);
  const bool penalised = question.now < offer.entry->standing.avoid_until;
  return penalised ? std::max(rank, Rank::penalised) : rank;
}

void gather(const Catalogue::Offers& offers, const Question& question, Candidates& out) {
  std::vector<Candidate> memory = std::move(out.best);
  out = Candidates{};
  out.best = std::move(memory);
  out.best.clear();
  out.offers = static_cast<std::uint32_t>(offers.size());
  for (const Catalogue::Offer& offer : offers) {
    const Exclusion exclusion = exclusion_of(offer, question);
    if (exclusion != Exclusion::none) {
      count(exclusion, out);
      continue;
    }
    const Rank rank = rank_of(offer, question);
    if (rank > out.rank) continue;
    if (rank < out.rank) {
      out.best.clear();
      out.rank = rank;
    }
    out.best.push_back({.offer = &offer, .local = offer.entry->node == question.own.node});
  }
}

}  // namespace mesh::routing
