#include "sim/checkers/forgery.h"

namespace sim {

void ForgeryChecker::on_view(const ViewChange& change) {
  if (change.record == nullptr || change.observer == change.subject) return;
  if (!truth().honest(change.subject)) return;  // its own key may sign anything
  std::map<gossip::Version, gossip::SignedRecord>& genuine = genuine_[change.subject];
  const auto found = genuine.find(change.record->record.version);
  if (found != genuine.end() && found->second == *change.record) return;
  // Two records may leave a node within one input, of which only the second was seen there. The key
  // of an honest node signs nothing but what that node lets out.
  const gossip::Record& record = change.record->record;
  if (crypto::check({record.subject, statement_of(record, mesh_), change.record->signature})
          .holds()) {
    genuine.try_emplace(record.version, *change.record);
    return;
  }
  violate(change.at, "n" + std::to_string(change.observer) + " holds a record of n" +
                         std::to_string(change.subject) + " that n" +
                         std::to_string(change.subject) + " never let out");
}

void ForgeryChecker::on_stranger(const StrangerSeen& seen) {
  violate(seen.at, "n" + std::to_string(seen.observer) + " took in " + seen.identity +
                       ", which is nobody of this mesh");
}

void ForgeryChecker::on_published(const Published& published) {
  genuine_[published.subject].try_emplace(published.record->record.version, *published.record);
}

}  // namespace sim
