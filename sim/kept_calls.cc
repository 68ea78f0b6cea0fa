#include "sim/kept_calls.h"

#include "sim/disk.h"

#include <optional>
#include <utility>

namespace sim {

void KeptCalls::defer(NodeIndex node, const mesh::DeferCall& effect) {
  const std::optional<mesh::CallRequest> request =
      exchanges_.request_of(node, effect.exchange, effect.set);
  if (!request) return;
  Disk& disk = disk_of_(node);
  const std::uint32_t life = world_.life(node);
  kernel::CallKept kept{effect.exchange, effect.id, std::nullopt, "the disk is full"};
  const std::optional<base::Duration> time = disk.sync_time();
  if (!time) {
    world_.feed(node, kept);
    return;
  }
  const base::Duration now = world_.scheduler().now() - base::Instant();
  kept.bytes = request->body_size.value_or(0);
  Disk::Call call{.request = *request,
                  .key = effect.key,
                  .since = now,
                  .until = now + effect.age_max,
                  .status = 0};
  world_.scheduler().after(*time, [this, node, life, kept, call = std::move(call)] {
    if (world_.life(node) != life) return;
    disk_of_(node).put_call(kept.id, call);
    world_.feed(node, kept);
  });
}

void KeptCalls::deliver(NodeIndex node, const mesh::DeliverCall& effect) {
  const auto& calls = disk_of_(node).calls();
  const auto found = calls.find(effect.id.view());
  if (found == calls.end() || found->second.status != 0) {
    world_.feed(node, kernel::KeptUnreadable{effect.id, true});
    return;
  }
  exchanges_.deliver(node, effect.id, found->second.request);
}

void KeptCalls::write(NodeIndex node, std::uint32_t life, std::function<void(Disk&)> change) {
  const std::optional<base::Duration> time = disk_of_(node).sync_time();
  const bool full = !time;
  constexpr base::Duration again = std::chrono::seconds(1);
  world_.scheduler().after(time.value_or(again), [this, node, life, full, change] {
    if (world_.life(node) != life) return;  // it crashed before that: the call comes back
    if (full) {
      write(node, life, change);
    } else {
      change(disk_of_(node));
    }
  });
}

void KeptCalls::end(NodeIndex node, const mesh::EndDelivery& effect) {
  if (!effect.keep) return;
  write(node, world_.life(node), [id = effect.id](Disk& disk) { disk.put_answer(id, 200); });
}

void KeptCalls::forget(NodeIndex node, const mesh::ForgetCall& effect) {
  write(node, world_.life(node), [id = effect.id](Disk& disk) { disk.forget_call(id); });
}

}  // namespace sim
