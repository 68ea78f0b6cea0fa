#include "ledger/scene.h"

namespace ledger {

void Scene::rollback(const Mark& mark) {
  draft_.rollback(mark.draft);
  CHECK(mark.events <= events_.size());
  events_.erase(events_.begin() + static_cast<std::ptrdiff_t>(mark.events), events_.end());
  if (!mark.sealed) next_.reset();
}

}  // namespace ledger
