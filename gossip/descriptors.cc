#include "gossip/descriptors.h"

#include "crypto/digest.h"

#include <utility>

namespace gossip {

bool Descriptors::keep(const base::Digest& digest, base::Bytes descriptor) {
  if (descriptor.size() > options_.descriptor_bytes_max) return false;
  if (crypto::digest(descriptor) != digest) return false;
  const std::size_t size = descriptor.size();
  if (!bodies_.emplace(digest, std::move(descriptor)).second) return true;
  order_.push_back(digest);
  bytes_ += size;
  while (order_.size() > 1 &&
         (order_.size() > options_.descriptors_max || bytes_ > options_.descriptors_bytes_max)) {
    if (order_.front() == own_) {
      order_.pop_front();
      order_.push_back(own_);
      if (order_.front() == digest) break;
    }
    const auto oldest = bodies_.find(order_.front());
    bytes_ -= oldest->second.size();
    bodies_.erase(oldest);
    order_.pop_front();
  }
  return true;
}

const base::Bytes* Descriptors::find(const base::Digest& digest) const {
  const auto found = bodies_.find(digest);
  return found == bodies_.end() ? nullptr : &found->second;
}

bool Descriptors::begin(const base::Digest& digest) {
  if (pulls_.size() >= pulls_max) return false;
  return pulls_.try_emplace(digest).second;
}

bool Descriptors::tried(const base::Digest& digest, const base::NodeId& who) {
  const auto pull = pulls_.find(digest);
  if (pull == pulls_.end()) return false;
  if (pull->second.size() >= tries_max) {
    pulls_.erase(pull);
    return false;
  }
  pull->second.insert(who);
  return true;
}

bool Descriptors::was_asked(const base::Digest& digest, const base::NodeId& who) const {
  const auto pull = pulls_.find(digest);
  return pull != pulls_.end() && pull->second.contains(who);
}

}  // namespace gossip
