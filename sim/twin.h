// The second half of a validator that is two (B3): its own agreement, log and archive, with the
// identity and the voting key of a node whose kernel runs as well and knows nothing of it. Each
// half talks to a part of the mesh, so together they vote for whatever either part sees.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/rng.h"
#include "crypto/identity.h"
#include "node/kernel/agreement.h"
#include "sim/agreement_disk.h"
#include "sim/surroundings.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace sim {

class Twin {
 public:
  using Send = std::function<void(NodeIndex to, base::Bytes frame)>;

  // All of them outlive it, and so does what it schedules not: `alive` ends with it.
  Twin(kernel::AgreementOptions options, const crypto::Identity& identity, AgreementDisk& disk,
       Surroundings& world, Send send, base::WallTime wall, base::Rng rng);

  void on_frame(const base::NodeId& from, base::ByteView frame, base::WallTime wall);

 private:
  template <class Input>
  void handle(const Input& input);
  // After so long, unless it is gone by then.
  template <class Then>
  void later(base::Duration after, Then then);
  void carry_out(kernel::Effect&& effect);
  void synced(std::uint64_t position);
  template <class Effect>
  void archive(Effect&& effect);
  void arm();

  AgreementDisk& disk_;
  Surroundings& world_;
  const Send send_;
  kernel::Agreement agreement_;
  base::Instant armed_ = base::Instant::never();
  std::shared_ptr<bool> alive_;  // shared with what is scheduled
};

}  // namespace sim
