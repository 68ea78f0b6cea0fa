// Validators that lie inside whole nodes. Each runs its kernel, honest, and stands between that and
// the network as in sim/agreement/: the same ways to lie, with real keys and encoded frames. They
// lie from their first word to the end of the run; whoever is cut off for it stays so.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/rng.h"
#include "crypto/identity.h"
#include "node/kernel/agreement.h"
#include "sim/agreement/byzantine/strategy.h"
#include "sim/surroundings.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace sim {

struct Scenario;

class LyingValidators {
 public:
  // All of them outlive this.
  struct Access {
    std::function<const kernel::Agreement*(NodeIndex node)> agreement;  // null: it does not run
    std::function<const crypto::Identity&(NodeIndex node)> identity;
    std::function<const crypto::Identity&(NodeIndex node)> voting_key;
    // Of a start with nothing on the disk.
    std::function<kernel::AgreementOptions(NodeIndex node)> options;
    std::function<void(const base::Digest& op)> op_made;
    std::function<void(NodeIndex from, NodeIndex to, base::Bytes frame)> send;
  };

  LyingValidators(const Scenario& scenario, const base::MeshId& mesh, Surroundings& world,
                  Access access, base::Rng rng);
  ~LyingValidators();

  [[nodiscard]] bool any() const { return !liars_.empty(); }
  [[nodiscard]] bool lies(NodeIndex node) const { return liars_.contains(node); }
  // Its kernel wants to say this.
  void say(NodeIndex from, NodeIndex to, base::Bytes frame);
  // A frame that reached it; false: its kernel shall not hear of it.
  [[nodiscard]] bool hear(NodeIndex node, NodeIndex from, base::ByteView frame);
  void stopped(NodeIndex node);
  [[nodiscard]] bool is_twin(NodeIndex node) const;
  // What waits for the end of chaos has come.
  void calm() { calm_ = true; }

 private:
  class View;
  struct Liar;

  struct Halves {
    bool first = true;  // its kernel
    bool second = false;
  };
  [[nodiscard]] Halves halves(const Liar& liar, NodeIndex node, NodeIndex peer) const;
  void tell_twin(Liar& liar, NodeIndex node, NodeIndex from, base::ByteView frame);

  const base::MeshId mesh_;
  const base::Rng rng_;
  Surroundings& world_;
  const Access access_;
  const std::uint32_t nodes_;
  std::map<NodeIndex, std::unique_ptr<Liar>> liars_;
  bool calm_ = false;
};

}  // namespace sim
