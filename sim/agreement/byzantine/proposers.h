// Liars as leaders: proposals that differ from peer to peer, or that must not be voted for.
#pragma once

#include "consensus/block.h"
#include "sim/agreement/byzantine/strategy.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

namespace sim::agreement {

// Keeps what a strategy says to each peer in one view the same for that peer.
class Alternatives {
 public:
  void clear() { proposals_.clear(); }
  void add(consensus::Proposal proposal) { proposals_.push_back(std::move(proposal)); }
  [[nodiscard]] const consensus::Proposal* for_peer(Villain& villain);
  [[nodiscard]] std::size_t size() const { return proposals_.size(); }

 private:
  std::vector<consensus::Proposal> proposals_;
};

// B4: two or three bodies in one view, each to some.
class Equivocator final : public Strategy {
 public:
  void on_broadcast(Villain& villain, const consensus::Message& message) override;
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;

 private:
  Alternatives alternatives_;
};

// B12: a parent that is too old, not notarized, or behind views that nobody nullified.
class BadAncestry final : public Strategy {
 public:
  void on_broadcast(Villain& villain, const consensus::Message& message) override;
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;

 private:
  void remember(const consensus::BlockPtr& block);

  std::deque<consensus::BlockPtr> blocks_;
  Alternatives alternatives_;
};

// B8, B12: whoever finalizes with its help is the only one to know. In its own views it leads on as
// if the block before were not there: on that block's parent, without a word on the view between.
class Hider final : public Strategy {
 public:
  void on_broadcast(Villain& villain, const consensus::Message& message) override;
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;

 private:
  static constexpr std::size_t known_max = 64;
  void remember(const consensus::BlockPtr& block);

  std::map<base::Digest, consensus::BlockHeader> known_;
  std::map<base::Digest, consensus::Certificate> notarizations_;  // by block
  std::optional<consensus::Proposal> older_;                      // of the view that it leads
  std::uint32_t confidant_ = 0;                                   // who alone hears its finalize
};

// B13: a wrong state root, height, time, flags, or an op for the second time.
class InvalidBlock final : public Strategy {
 public:
  void on_broadcast(Villain& villain, const consensus::Message& message) override;
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;

 private:
  Alternatives alternatives_;
  std::vector<base::Bytes> old_ops_;
};

// B17: only empty blocks.
class Censor final : public Strategy {
 public:
  void on_broadcast(Villain& villain, const consensus::Message& message) override;
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;

 private:
  std::map<base::Digest, base::Digest> state_roots_;  // by block
  Alternatives alternatives_;
};

}  // namespace sim::agreement
