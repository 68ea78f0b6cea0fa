// The doors into the mesh: seeds by address, asked until each leads to a live member, for ever and
// with growing gaps. That also joins two meshes that never met, and heals what nothing else would.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "base/time.h"
#include "gossip/options.h"
#include "gossip/view.h"

#include <cstddef>
#include <optional>
#include <vector>

namespace gossip {

class Seeds {
 public:
  Seeds(const Options& options, const base::NodeId& self, const base::Endpoint& own)
      : options_(options), self_(self), own_(own) {}

  // Asked at once if it is new. We ourselves are ignored; beyond the bound, one that does not
  // answer makes room, if there is one.
  void add(const base::Endpoint& at, base::Instant now);
  // The operator wants it: asked at once, also if it is known already.
  void retry(const base::Endpoint& at, base::Instant now);
  // Those to ask now; each is to be answered by on_answer() or on_failed().
  [[nodiscard]] std::vector<base::Endpoint> due(const View& view, base::Instant now);
  void on_answer(const base::Endpoint& at, const base::NodeId& by, base::Instant now);
  // True if the operator should hear of it: the first time, then with growing gaps.
  bool on_failed(const base::Endpoint& at, base::Instant now);

  [[nodiscard]] bool empty() const { return seeds_.empty(); }
  [[nodiscard]] base::Instant next_deadline() const { return next_; }

 private:
  static constexpr std::size_t seeds_max = 64;
  struct Seed {
    base::Endpoint at;
    std::optional<base::NodeId> leads_to;
    base::Instant next;  // when to look at it again
    base::Duration gap;
    bool asking = false;
    std::uint32_t failures = 0;
  };

  Seed* find(const base::Endpoint& at);
  void reckon();

  const Options options_;
  const base::NodeId self_;
  const base::Endpoint own_;
  std::vector<Seed> seeds_;
  base::Instant next_ = base::Instant::never();
};

}  // namespace gossip
