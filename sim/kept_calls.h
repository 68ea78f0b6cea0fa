// Calls that wait on a node's disk for their delivery, as node/kept_calls.h carries them in the
// daemon: a request is kept once the disk has synced it, an end that the disk does not take is
// written again later, and a crash in between brings the call back.
#pragma once

#include "mesh/deferred_call.h"
#include "sim/exchanges.h"
#include "sim/surroundings.h"

#include <functional>
#include <string>

namespace sim {

class Disk;

class KeptCalls {
 public:
  // Whose disk it is, whether the node runs or not.
  using DiskOf = std::function<Disk&(NodeIndex node)>;

  KeptCalls(Surroundings& world, Exchanges& exchanges, DiskOf disk_of)
      : world_(world), exchanges_(exchanges), disk_of_(std::move(disk_of)) {}

  void defer(NodeIndex node, const mesh::DeferCall& effect);
  void deliver(NodeIndex node, const mesh::DeliverCall& effect);
  void end(NodeIndex node, const mesh::EndDelivery& effect);
  void forget(NodeIndex node, const mesh::ForgetCall& effect);

 private:
  // When it is on disk; again and again while the disk is full, as long as the node lives.
  void write(NodeIndex node, std::uint32_t life, std::function<void(Disk&)> change);

  Surroundings& world_;  // all outlive this
  Exchanges& exchanges_;
  const DiskOf disk_of_;
};

}  // namespace sim
