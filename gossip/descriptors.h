// Bodies behind digests: a bounded cache, and whom to ask next for a body that is missing. Only
// bytes that hash to the digest are ever kept.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "gossip/options.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>

namespace gossip {

class Descriptors {
 public:
  explicit Descriptors(const Options& options) : options_(options) {}

  // This one is ours: it makes room for none.
  void own(const base::Digest& digest) { own_ = digest; }
  // False if the bytes are not what the digest names, or too many.
  bool keep(const base::Digest& digest, base::Bytes descriptor);
  [[nodiscard]] const base::Bytes* find(const base::Digest& digest) const;

  // False if a pull is on its way already, or too many are.
  bool begin(const base::Digest& digest);
  // Someone was asked. False if enough were: the pull is over.
  bool tried(const base::Digest& digest, const base::NodeId& who);
  [[nodiscard]] bool was_asked(const base::Digest& digest, const base::NodeId& who) const;
  void end(const base::Digest& digest) { pulls_.erase(digest); }

 private:
  static constexpr std::size_t tries_max = 4;
  static constexpr std::size_t pulls_max = 256;

  const Options options_;
  std::map<base::Digest, base::Bytes> bodies_;
  std::deque<base::Digest> order_;  // oldest first
  std::size_t bytes_ = 0;           // of bodies_
  base::Digest own_;
  std::map<base::Digest, std::set<base::NodeId>> pulls_;  // who was asked
};

}  // namespace gossip
