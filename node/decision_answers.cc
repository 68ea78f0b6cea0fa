#include "node/decision_answers.h"

#include "api/decision_page.h"
#include "api/decisions_resource.h"
#include "node/http_answer.h"

#include <utility>

namespace node {

bool DecisionAnswers::takes(const api::Response& response) const {
  if (disk_ == nullptr) return false;
  return response.decision || response.committee_proposal || response.decision_page ||
         response.decision_feed;
}

void DecisionAnswers::answer(const api::Response& response,
                             std::unique_ptr<transport::Stream> stream) {
  if (response.decision) return answer_found(*response.decision, std::move(stream));
  if (response.decision_page) return answer_page(*response.decision_page, std::move(stream));
  if (response.decision_feed) return feeds_.open(*response.decision_feed, std::move(stream));
  const std::uint64_t request = ++requests_;
  proposals_[request] = std::move(stream);
  driver_->feed(kernel::CommitteeProposed{request, *response.committee_proposal});
}

void DecisionAnswers::answer_found(const api::DecisionLookup& lookup,
                                   std::unique_ptr<transport::Stream> stream) {
  // Shared by the copies of the callback, of which one is called.
  std::shared_ptr<transport::Stream> kept = std::move(stream);
  disk_->find_op(lookup.op, [this, lookup, kept](const std::vector<kernel::StoredDecision>& blocks,
                                                 std::uint64_t index) {
    node::answer(*kept, look_([&](const api::View& view) {
      return api::on_decision_found(view, lookup, blocks, index);
    }));
  });
}

// Owned by the reads that are under way, one behind the other.
struct DecisionAnswers::Listing {
  api::DecisionList list;
  base::MeshId mesh;
  std::unique_ptr<transport::Stream> stream;
};

void DecisionAnswers::answer_page(const api::DecisionPage& page,
                                  std::unique_ptr<transport::Stream> stream) {
  std::shared_ptr<Listing> listing;
  static_cast<void>(look_([&](const api::View& view) {
    listing = std::make_shared<Listing>(
        Listing{api::DecisionList(view, page), view.mesh, std::move(stream)});
    return api::Response{};
  }));
  go_on(listing);
}

void DecisionAnswers::go_on(const std::shared_ptr<Listing>& listing) {
  if (!listing->list.incomplete()) {
    return node::answer(*listing->stream, listing->list.response());
  }
  disk_->read_newest(listing->list.below(), api::DecisionList::blocks_per_read,
                     [this, listing](const std::vector<kernel::StoredDecision>& blocks) {
                       listing->list.add(blocks, listing->mesh);
                       go_on(listing);
                     });
}

void DecisionAnswers::shut_down() {
  proposals_.clear();
  feeds_.shut_down();
}

void DecisionAnswers::carry_out(const kernel::ProposalSettled& effect) {
  auto waiting = proposals_.extract(effect.request);
  if (waiting.empty()) return;
  node::answer(*waiting.mapped(), api::on_proposal_settled(effect));
}

}  // namespace node
