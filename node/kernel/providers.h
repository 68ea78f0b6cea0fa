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
  // False if these bytes are no descriptor. Otherwise members_of(digest) are to be looked at again.
  [[nodiscard]] bool on_descriptor(const base::Digest& digest, base::ByteView bytes);
  [[nodiscard]] std::vector<base::NodeId> members_of(const base::Digest& digest) const;

 private:
  struct Entry {
    std::shared_ptr<const mesh::AgentDescriptor> descriptor;  // empty until it came
    std::set<base::NodeId> members;                           // whose record names it
  };

  void release(const base::NodeId& id);

  std::map<base::Digest, Entry> entries_;  // no entry without members
  std::map<base::Digest, std::shared_ptr<const mesh::AgentDescriptor>> restored_;  // not named yet
  std::map<base::NodeId, base::Digest> digest_of_;  // of members that have an agent
};

[[nodiscard]] mesh::Availability availability_of(const gossip::Member& member);

// What the node's own record should say, from what its data plane sees of the agent beside it. An
// agent that does not answer takes no calls, which is what at_capacity tells callers.
[[nodiscard]] gossip::LocalStatus status_of(const mesh::LocalLoad& load, bool draining,
                                            const base::Digest& descriptor);

}  // namespace kernel
