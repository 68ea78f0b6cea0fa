// Questions and replies over links: joining, comparing tables, bodies of descriptors.
#include "base/match.h"
#include "gossip/membership_state.h"

#include <utility>

namespace gossip {

namespace {

bool continues(const base::NodeId& after, const Welcome& page) {
  base::NodeId last = after;
  for (const SignedRecord& record : page.records) {
    if (record.record.subject <= last) return false;
    last = record.record.subject;
  }
  return true;
}

}  // namespace

void Membership::State::ask(Asked asked, Question question, Effects& effects) {
  const std::uint64_t request = next_request++;
  Ask out{.request = request,
          .node = std::nullopt,
          .at = asked.at,
          .question = std::move(question),
          .timeout = options.ask_timeout};
  if (asked.purpose != Asked::For::seed) out.node = asked.node;
  asks.emplace(request, std::move(asked));
  effects.push_back(std::move(out));
}

void Membership::State::ask_introducer(const base::NodeId& id, const base::NodeId& after,
                                       Effects& effects) {
  const Member* member = view.find(id);
  const std::optional<base::Endpoint> at =
      member != nullptr ? member->record.record.endpoint : admission.where(id);
  if (!at) return;
  introducers.insert(id);
  ++joins_open;
  ask({.purpose = Asked::For::introducer, .at = *at, .node = id, .digest = {}, .offered = false},
      Join{.record = own.current(), .after = after}, effects);
}

void Membership::State::compare_with(const base::NodeId& peer, Effects& effects) {
  ++counters.syncs;
  const Member* member = view.find(peer);
  ask({.purpose = Asked::For::compare,
       .at = member->record.record.endpoint,
       .node = peer,
       .digest = {},
       .offered = false},
      Compare{view.buckets()}, effects);
}

void Membership::State::on_reply(const Asked& asked, const base::NodeId& from, Reply reply,
                                 base::Instant now, Effects& effects) {
  if (asked.purpose != Asked::For::seed && from != asked.node) {
    return on_asked_in_vain(asked, now, effects);
  }
  heard(from, true, effects);
  using For = Asked::For;
  if (auto* welcome = std::get_if<Welcome>(&reply)) {
    if (asked.purpose == For::seed || asked.purpose == For::introducer) {
      return on_welcome(asked, from, std::move(*welcome), now, effects);
    }
  }
  if (auto* summary = std::get_if<Summary>(&reply); summary && asked.purpose == For::compare) {
    Exchange exchange = difference(view, *summary, options.page_records_max);
    const bool offers = !exchange.records.empty();
    if (!offers && exchange.wanted.empty()) return anti_entropy.on_finished(false, now);
    Asked next = asked;
    next.purpose = For::exchange;
    next.offered = offers;
    return ask(next, std::move(exchange), effects);
  }
  if (auto* items = std::get_if<Items>(&reply); items && asked.purpose == For::exchange) {
    const bool useful = asked.offered || !items->records.empty();
    screen(std::move(items->records), items->accusations,
           {.id = from, .at = asked.at, .linked = true}, now);
    return anti_entropy.on_finished(useful, now);
  }
  if (auto* body = std::get_if<DescriptorBody>(&reply); body && asked.purpose == For::descriptor) {
    if (!body->descriptor.empty() && descriptors.keep(asked.digest, body->descriptor)) {
      descriptors.end(asked.digest);
      effects.push_back(DescriptorArrived{asked.digest, std::move(body->descriptor)});
      return;
    }
  }
  if (auto* page = std::get_if<ReportPage>(&reply); page && asked.purpose == For::reports) {
    return on_report_page(from, std::move(*page), effects);
  }
  on_asked_in_vain(asked, now, effects);
}

void Membership::State::on_welcome(const Asked& asked, const base::NodeId& from, Welcome welcome,
                                   base::Instant now, Effects& effects) {
  // A page that does not go on from the one before would never end.
  if (!continues(asked.after, welcome) ||
      asked.pages > options.members_max / options.page_records_max) {
    return on_asked_in_vain(asked, now, effects);
  }
  --joins_open;
  if (asked.purpose == Asked::For::seed) seeds.on_answer(asked.at, from, now);
  if (from == self) return;
  introducers.insert(from);
  const bool more = welcome.more && !welcome.records.empty();
  const base::NodeId last = more ? welcome.records.back().record.subject : base::NodeId();
  screen(std::move(welcome.records), welcome.accusations,
         {.id = from, .at = asked.at, .linked = true}, now);
  if (!more) return;
  ++joins_open;
  ask({.purpose = Asked::For::introducer,
       .at = asked.at,
       .node = from,
       .digest = {},
       .offered = false,
       .after = last,
       .pages = asked.pages + 1},
      Join{.record = own.current(), .after = last}, effects);
}

void Membership::State::on_asked_in_vain(const Asked& asked, base::Instant now, Effects& effects) {
  switch (asked.purpose) {
    case Asked::For::seed:
      --joins_open;
      if (seeds.on_failed(asked.at, now)) {
        effects.push_back(base::Notice{
            base::Severity::warning, "seed " + asked.at.to_string() +
                                         " does not answer; it is tried again with growing gaps"});
      }
      return;
    case Asked::For::introducer:
      --joins_open;
      return;
    case Asked::For::compare:
    case Asked::For::exchange:
      return anti_entropy.on_finished(false, now);
    case Asked::For::descriptor:
      return pull_descriptor(asked.node, asked.digest, effects);
    case Asked::For::reports:
      return;  // somebody else is asked next time
  }
}

// The owner first, then whoever else is there.
void Membership::State::pull_descriptor(const base::NodeId& owner, const base::Digest& digest,
                                        Effects& effects) {
  base::NodeId whom = owner;
  if (whom == self || view.find(whom) == nullptr || descriptors.was_asked(digest, whom)) {
    bool found = false;
    for (const base::NodeId& other : some_others(8, owner)) {
      if (found || descriptors.was_asked(digest, other)) continue;
      whom = other;
      found = true;
    }
    if (!found) return descriptors.end(digest);
  }
  if (!descriptors.tried(digest, whom)) return;
  ask({.purpose = Asked::For::descriptor,
       .at = view.find(whom)->record.record.endpoint,
       .node = whom,
       .digest = digest,
       .offered = false},
      PullDescriptor{digest}, effects);
}

// Joined: enough introducers answered, or nobody is left to ask, or it takes too long to wait for.
void Membership::State::join_if_due(base::Instant now, Effects& effects) {
  for (const base::Endpoint& at : seeds.due(view, now)) {
    ++joins_open;
    ask({.purpose = Asked::For::seed, .at = at, .node = {}, .digest = {}, .offered = false},
        Join{.record = own.current(), .after = {}}, effects);
  }
  call_candidates(now, effects);
  if (own.joined()) return;
  const bool waiting = joins_open > 0 || verification.pending() > 0;
  if (!waiting && introducers.size() < options.introducers) {
    // A second and a third opinion, from those that the first one named.
    const std::vector<base::NodeId> candidates = admission.candidates();
    const std::size_t missing = options.introducers - introducers.size();
    for (std::size_t i = 0; i < missing && i < candidates.size() && !introducers.empty(); ++i) {
      const auto at = static_cast<std::size_t>(rng.below(candidates.size()));
      if (!introducers.contains(candidates[at])) ask_introducer(candidates[at], {}, effects);
    }
  }
  const bool hopeful = joins_open > 0 || verification.pending() > 0 ||
                       (introducers.empty() && admission.waiting() > 0);
  if (hopeful && now < join_by) return;
  own.on_joined();
  join_by = base::Instant::never();
}

Reply Membership::State::answer(const Source& from, Question question, base::Instant now) {
  return base::match(
      std::move(question),
      [&](Join join) -> Reply {
        if (join.record.record.subject == from.id) screen({std::move(join.record)}, {}, from, now);
        return page_of(view, join.after, options.page_records_max);
      },
      [&](const Compare& compare) -> Reply {
        if (view.find(from.id) == nullptr) return Summary{};
        return summarize(view, compare.buckets);
      },
      [&](Exchange exchange) -> Reply {
        if (view.find(from.id) == nullptr) return Items{};
        screen(std::move(exchange.records), exchange.accusations, from, now);
        return items_of(view, exchange.wanted, options.page_records_max);
      },
      [&](const PullDescriptor& pull) -> Reply {
        const base::Bytes* body = descriptors.find(pull.digest);
        return DescriptorBody{body == nullptr ? base::Bytes() : *body};
      },
      [&](const PullReports& pull) -> Reply {
        if (view.find(from.id) == nullptr) return ReportPage{};
        return reports.answer(pull, now);
      });
}

}  // namespace gossip
