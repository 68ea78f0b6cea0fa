// Agreement's frames between nodes, as node/agreement_channels.h carries them in the daemon: to
// each peer one channel over the reliable link, in order; while the way is cut they wait, up to a
// bound, and what is under way when a link or a process ends is lost.
#pragma once

#include "base/bytes.h"
#include "sim/surroundings.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <utility>

namespace sim {

class AgreementFrames {
 public:
  // Told of each frame just before it is read; false: the node does not get it.
  using Overheard = std::function<bool(NodeIndex to, NodeIndex from, base::ByteView frame)>;

  AgreementFrames(Surroundings& world, Overheard overheard)
      : world_(world), overheard_(std::move(overheard)) {}

  void send(NodeIndex from, NodeIndex to, base::Bytes frame);
  // The link between these two was cut.
  void drop(NodeIndex a, NodeIndex b);
  // The process of this node is gone.
  void stopped(NodeIndex node);

  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  using Way = std::pair<NodeIndex, NodeIndex>;  // from, to
  struct Channel {
    std::uint64_t number = 0;  // what was sent over an earlier one does not arrive
    std::deque<base::Bytes> waiting;
    std::size_t waiting_bytes = 0;
    base::Instant stuck_since;
  };

  void push(Way way, base::Bytes frame);
  void try_again(Way way, std::uint64_t number);
  void end(Way way);

  static constexpr std::size_t waiting_bytes_max = std::size_t{4} * 1024 * 1024;
  static constexpr base::Duration retransmission = std::chrono::milliseconds(250);
  static constexpr base::Duration given_up_after = std::chrono::seconds(15);

  Surroundings& world_;  // outlives this
  const Overheard overheard_;
  std::map<Way, Channel> channels_;
  std::uint64_t next_number_ = 1;
  std::uint64_t frames_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace sim
