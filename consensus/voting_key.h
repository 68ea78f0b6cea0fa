// The key that a validator votes with: not its identity, and in the hands of its vote guard alone.
#pragma once

#include "base/ids.h"
#include "crypto/identity.h"
#include "crypto/statement.h"

#include <utility>

namespace consensus {

class VotingKey {
 public:
  VotingKey() = default;
  VotingKey(const VotingKey&) = delete;
  VotingKey& operator=(const VotingKey&) = delete;
  virtual ~VotingKey() = default;
  [[nodiscard]] virtual const base::NodeId& id() const = 0;
  [[nodiscard]] virtual crypto::Signature sign(const crypto::Statement& statement) const = 0;
};

// Ed25519, as everywhere but in the fastest simulations.
class Ed25519VotingKey final : public VotingKey {
 public:
  explicit Ed25519VotingKey(crypto::Identity key) : key_(std::move(key)) {}
  [[nodiscard]] const base::NodeId& id() const override { return key_.id(); }
  [[nodiscard]] crypto::Signature sign(const crypto::Statement& statement) const override {
    return key_.sign(statement);
  }

 private:
  crypto::Identity key_;
};

}  // namespace consensus
