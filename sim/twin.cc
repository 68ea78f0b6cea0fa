#include "sim/twin.h"

#include "base/check.h"
#include "base/match.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace sim {

namespace {

constexpr base::Duration twin_sync_time = std::chrono::milliseconds(1);
constexpr base::Duration right_away = std::chrono::microseconds(1);

}  // namespace

Twin::Twin(kernel::AgreementOptions options, const crypto::Identity& identity, AgreementDisk& disk,
           Surroundings& world, Send send, base::WallTime wall, base::Rng rng)
    : disk_(disk),
      world_(world),
      send_(std::move(send)),
      agreement_(std::move(options), identity, rng),
      alive_(std::make_shared<bool>(true)) {
  handle([&](base::Instant now, kernel::Effects& effects) {
    CHECK(agreement_.on_start(wall, now, effects).has_value());
  });
}

void Twin::on_frame(const base::NodeId& from, base::ByteView frame, base::WallTime wall) {
  handle([&](base::Instant now, kernel::Effects& effects) {
    agreement_.on_wall_clock(wall, now);
    static_cast<void>(agreement_.on_message(from, frame, now, effects));
  });
}

template <class Input>
void Twin::handle(const Input& input) {
  kernel::Effects effects;
  input(world_.scheduler().now(), effects);
  for (kernel::Effect& effect : effects) carry_out(std::move(effect));
  arm();
}

template <class Then>
void Twin::later(base::Duration after, Then then) {
  world_.scheduler().after(after,
                           [alive = std::weak_ptr<bool>(alive_), then = std::move(then)]() mutable {
                             if (!alive.expired()) then();
                           });
}

void Twin::carry_out(kernel::Effect&& effect) {
  base::match(
      std::move(effect),
      [&](kernel::SendAgreement&& e) {
        if (const auto to = world_.node_with(e.to)) send_(*to, std::move(e.frame));
      },
      [&](kernel::AppendLog&& e) { disk_.append(std::move(e)); },
      [&](const kernel::SyncLog& e) { synced(e.position); },
      [&](kernel::RewriteLog&& e) {
        const std::uint64_t position = e.position;
        disk_.rewrite(std::move(e));
        synced(position);
      },
      [&](kernel::StoreDecisions&& e) { archive(std::move(e)); },
      [&](kernel::StoreState&& e) { archive(std::move(e)); },
      [&](kernel::StoreEpoch&& e) { archive(std::move(e)); },
      [&](kernel::KeepPiece&& e) { archive(std::move(e)); },
      [&](const kernel::ReadDecisions& e) {
        later(right_away, [this, request = e.request, found = disk_.read(e)] {
          handle([&](base::Instant now, kernel::Effects& effects) {
            agreement_.on_decisions_read(request, found, now, effects);
          });
        });
      },
      [&](const kernel::CheckSignatures& e) {
        std::vector<crypto::Verdict> verdicts;
        for (const crypto::SignatureCheck& one : e.checks) verdicts.push_back(crypto::check(one));
        later(right_away,
              [this, batch = e.batch & ~kernel::agreement_batch, verdicts = std::move(verdicts)] {
                handle([&](base::Instant now, kernel::Effects& effects) {
                  agreement_.on_signatures_checked(batch, verdicts, now, effects);
                });
              });
      },
      [](const auto&) {});
}

void Twin::synced(std::uint64_t position) {
  later(twin_sync_time, [this, position] {
    disk_.log_synced(position);
    handle([&](base::Instant now, kernel::Effects& effects) {
      agreement_.on_log_synced(position, twin_sync_time, now, effects);
    });
  });
}

template <class Effect>
void Twin::archive(Effect&& effect) {
  disk_.store(std::forward<Effect>(effect));
  disk_.archive_synced(disk_.unsynced());
  later(right_away, [this] { agreement_.on_decisions_stored(disk_.height_synced()); });
}

void Twin::arm() {
  const base::Instant now = world_.scheduler().now();
  const base::Instant deadline = agreement_.next_deadline();
  if (deadline == base::Instant::never()) return;
  const base::Instant when = std::max(deadline, now + right_away);
  if (armed_ <= when) return;  // looks again when that comes
  armed_ = when;
  later(when - now, [this, when] {
    if (armed_ != when) return;
    armed_ = base::Instant::never();
    handle([&](base::Instant at, kernel::Effects& effects) {
      if (agreement_.next_deadline() <= at) agreement_.on_time(at, effects);
    });
  });
}

}  // namespace sim
