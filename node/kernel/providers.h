// Providers turns the membership's view of others into providers for the data plane: it joins a
// member's state and load with the descriptor that its record names by digest, and says which
// descriptors are missing. Descriptors are shared between all who say the same, and dropped with
// the last of them.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "gossip/membership.h"
#include "mesh/catalogue.h"
#include "mesh/descriptor.h"
#include "mesh/views.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kernel {

class Providers {
 public:
  // Encoded bytes of all descriptors that are kept. One may have a 32nd of what is left of it: a
  // few large ones leave room for many small ones.
  explicit Providers(std::size_t bytes_max = 32 * 1024 * 1024) : bytes_max_(bytes_max) {}

  // The member as the data plane should see it, without a descriptor if it has no agent or its
  // descriptor is not here yet: then that is `wanted` from it. Nothing if the member is gone.
  struct View {
    std::optional<mesh::Provider> provider;
    std::optional<base::Digest> wanted;
  };
  [[nodiscard]] View on_member(const base::NodeId& id, const gossip::Member& member);
  void on_forgotten(const base::NodeId& id);

  // A descriptor of the last run, used when a member's record names it again.
  void restore(const base::Digest& digest, base::ByteView bytes);
  // Those that no record named so far will be pulled when one does.
  void drop_restored();
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // False if these bytes are no descriptor, or there is no room for them; nobody asks for them
  // again as long as they are named. Otherwise members_of(digest) are to be looked at again.
  [[nodiscard]] bool on_descriptor(const base::Digest& digest, base::ByteView bytes);
  [[nodiscard]] std::vector<base::NodeId> members_of(const base::Digest& digest) const;

 private:
  struct Entry {
    std::shared_ptr<const mesh::AgentDescriptor> descriptor;  // empty until it came
    std::set<base::NodeId> members;                           // whose record names it
    std::size_t bytes = 0;
    bool refused = false;
  };
  struct Restored {
    std::shared_ptr<const mesh::AgentDescriptor> descriptor;
    std::size_t bytes = 0;
  };

  void release(const base::NodeId& id);
  [[nodiscard]] bool has_room(std::size_t bytes) const;

  const std::size_t bytes_max_;
  std::size_t bytes_ = 0;                           // of entries_ and restored_
  std::map<base::Digest, Entry> entries_;           // no entry without members
  std::map<base::Digest, Restored> restored_;       // not named yet
  std::map<base::NodeId, base::Digest> digest_of_;  // of members that have an agent
};

[[nodiscard]] mesh::Availability availability_of(const gossip::Member& member);

// What the node's own record should say, from what its data plane sees of the agent beside it. An
// agent that does not answer takes no calls, which is what at_capacity tells callers.
[[nodiscard]] gossip::LocalStatus status_of(const mesh::LocalLoad& load, bool draining,
                                            const base::Digest& descriptor);

}  // namespace kernel
