#include "sim/agreement_frames.h"

#include <utility>
#include <vector>

namespace sim {

void AgreementFrames::send(NodeIndex from, NodeIndex to, base::Bytes frame) {
  if (world_.life(to) == 0) return;  // nobody takes the connection
  const Way way{from, to};
  const auto [entry, fresh] = channels_.try_emplace(way);
  Channel& channel = entry->second;
  if (fresh) channel.number = next_number_++;
  ++frames_;
  bytes_ += frame.size();
  if (channel.waiting.empty()) return push(way, std::move(frame));
  if (channel.waiting_bytes + frame.size() > waiting_bytes_max) return;
  channel.waiting_bytes += frame.size();
  channel.waiting.push_back(std::move(frame));
}

void AgreementFrames::push(Way way, base::Bytes frame) {
  Channel& channel = channels_.at(way);
  Scheduler& scheduler = world_.scheduler();
  const auto when = world_.network().stream(way.first, way.second, frame.size(), scheduler.now());
  const std::uint64_t number = channel.number;
  if (!when) {
    channel.stuck_since = scheduler.now();
    channel.waiting_bytes += frame.size();
    channel.waiting.push_front(std::move(frame));
    scheduler.after(retransmission, [=, this] { try_again(way, number); });
    return;
  }
  const std::uint32_t life = world_.life(way.second);
  scheduler.at(*when, [=, this, bytes = std::move(frame)]() mutable {
    const auto found = channels_.find(way);
    if (found == channels_.end() || found->second.number != number) return;
    if (world_.life(way.second) != life) return;
    if (!world_.admits(way.first, way.second)) return end(way);
    world_.network().link_up(way.first, way.second);
    if (!overheard_(way.second, way.first, bytes)) return;
    world_.feed(way.second, kernel::AgreementReceived{world_.id_of(way.first), std::move(bytes)});
  });
}

void AgreementFrames::try_again(Way way, std::uint64_t number) {
  const auto found = channels_.find(way);
  if (found == channels_.end() || found->second.number != number) return;
  Channel& channel = found->second;
  Scheduler& scheduler = world_.scheduler();
  if (!world_.network().connected(way.first, way.second)) {
    if (scheduler.now() - channel.stuck_since > given_up_after) return end(way);
    scheduler.after(retransmission, [=, this] { try_again(way, number); });
    return;
  }
  std::deque<base::Bytes> waiting = std::exchange(channel.waiting, {});
  channel.waiting_bytes = 0;
  for (base::Bytes& frame : waiting) push(way, std::move(frame));
}

void AgreementFrames::end(Way way) {
  channels_.erase(way);
}

void AgreementFrames::drop(NodeIndex a, NodeIndex b) {
  end({a, b});
  end({b, a});
}

void AgreementFrames::stopped(NodeIndex node) {
  std::erase_if(channels_, [&](const auto& entry) {
    return entry.first.first == node || entry.first.second == node;
  });
}

}  // namespace sim
