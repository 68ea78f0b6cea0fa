// Observation reports: asking for them, and what comes in.
#include "gossip/membership_state.h"

#include <utility>

namespace gossip {

void Membership::State::ask_for_reports(std::vector<Observed> observed, base::Instant now,
                                        Effects& effects) {
  if (own.leaving()) return;
  counters.reports_published +=
      reports.on_observed(std::move(observed), own.current().record.version.epoch, now);
  const std::size_t count = reports.to_ask();
  if (count == 0) return;
  const PullReports question = reports.question();
  for (const base::NodeId& id : some_others(count, self)) {
    Asked asked{.purpose = Asked::For::reports,
                .at = view.find(id)->record.record.endpoint,
                .node = id,
                .digest = {},
                .offered = false};
    ask(std::move(asked), question, effects);
  }
}

void Membership::State::on_report_page(const base::NodeId& from, ReportPage page,
                                       Effects& effects) {
  counters.reports_received += page.reports.size();
  reports.on_answered(from, page, view.rings().size() - 1, effects);
  for (SignedReport& report : page.reports) {
    const Reports::Worth worth =
        is_here(report.report.author) ? reports.worth(report) : Reports::Worth::refuse;
    if (worth == Reports::Worth::refuse) ++counters.reports_refused;
    if (worth == Reports::Worth::check)
      static_cast<void>(
          verification.add(std::move(report), {.id = from, .at = {}, .linked = true}));
  }
}

void Membership::State::reports_if_due(base::Instant now, Effects& effects) {
  if (!reports.on_time(now)) return;
  reports.expire([this](const base::NodeId& id) { return is_here(id); }, now, effects);
  effects.push_back(ObservationsDue{});
}

bool Membership::State::is_here(const base::NodeId& id) const {
  const Member* member = view.find(id);
  return member != nullptr && member->state != MemberState::dead &&
         member->state != MemberState::left;
}

}  // namespace gossip
