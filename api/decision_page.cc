#include "api/decision_page.h"

#include "api/decision_rows.h"
#include "api/json_response.h"
#include "api/row_page.h"
#include "node/kernel/kernel.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace api {

DecisionList::DecisionList(const View& view, const DecisionPage& page)
    : wanted_(page.decisions_max), below_(page.below_height) {
  const kernel::Agreement* agreement = view.kernel.agreement();
  if (agreement == nullptr) {
    at_end_ = true;
    return;
  }
  below_ = std::min(below_, agreement->replica().standing().height + 1);
  for (const kernel::PassedOver& gap : agreement->passed_over()) {
    if (gap.first < below_) passed_over_.push_back(gap);
  }
  const auto& known = agreement->decisions();
  if (known.empty()) return;
  // Of the oldest block that is remembered some ops may be forgotten.
  const std::uint64_t whole_from = known.front().height + (known.front().place == 0 ? 0 : 1);
  for (auto each = known.rbegin(); each != known.rend(); ++each) {
    if (each->height >= page.below_height) continue;
    if (each->height < whole_from) break;
    if (rows_.size() >= wanted_ && each->height != rows_.back().height) return;
    rows_.push_back(*each);
    below_ = each->height;
  }
}

void DecisionList::add(const std::vector<kernel::StoredDecision>& blocks,
                       const base::MeshId& mesh) {
  ++reads_;
  at_end_ = blocks.empty();
  for (const kernel::StoredDecision& block : blocks) {
    if (rows_.size() >= wanted_) return;
    auto decisions = decisions_in(block, mesh);
    std::move(decisions.rbegin(), decisions.rend(), std::back_inserter(rows_));
    below_ = block.height;
  }
}

Response DecisionList::response() const {
  auto rows = nlohmann::ordered_json::array();
  for (const kernel::DecisionView& row : rows_) rows.push_back(described(row));
  Response response = json_response(rows);
  // The list goes on behind them.
  std::string gaps;
  for (const kernel::PassedOver& gap : passed_over_) {
    if (!at_end_ && gap.last + 1 < below_) continue;
    gaps += (gaps.empty() ? "" : ", ") + std::to_string(gap.first) + "-" + std::to_string(gap.last);
  }
  if (!gaps.empty()) response.headers.push_back({"parley-passed-over", gaps});
  if (!at_end_ && below_ > 1) {
    response.headers.push_back(next_link("/v1/decisions?before=" + std::to_string(below_) +
                                         "&limit=" + std::to_string(wanted_)));
  }
  return response;
}

}  // namespace api
