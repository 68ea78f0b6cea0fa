#include "sim/checkers/forgery.h"

namespace sim {

void ForgeryChecker::on_view(const ViewChange& change) {
  if (change.record == nullptr || change.observer == change.subject) return;
  if (!truth().honest(change.subject)) return;  // its own key may sign anything
  const auto found = genuine_.find({change.subject, change.record->record.version});
  if (found != genuine_.end() && found->second == *change.record) return;
  violate(change.at, "n" + std::to_string(change.observer) + " holds a record of n" +
                         std::to_string(change.subject) + " that n" +
                         std::to_string(change.subject) + " never let out");
}

void ForgeryChecker::on_stranger(const StrangerSeen& seen) {
  violate(seen.at, "n" + std::to_string(seen.observer) + " took in " + seen.identity +
                       ", which is nobody of this mesh");
}

void ForgeryChecker::on_published(const Published& published) {
  genuine_.try_emplace({published.subject, published.record->record.version}, *published.record);
}

}  // namespace sim
