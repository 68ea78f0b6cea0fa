// The smallest application that can go wrong: authors with sequence numbers, a state root that
// depends on every op and its order, and ops that end the epoch. Stands in for the ledger in the
// simulator of agreement alone.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "consensus/application.h"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace sim::agreement {

enum class OpKind : std::uint8_t {
  plain,
  reconfigure,  // to these members
  hopeless,     // well-formed, and never valid anywhere
};

struct RegisterOp {
  OpKind kind = OpKind::plain;
  std::uint8_t author = 0;
  std::uint64_t sequence = 0;
  std::vector<std::uint8_t> members;  // of reconfigure: numbers of identities
  [[nodiscard]] base::Bytes bytes() const;
  [[nodiscard]] static std::optional<RegisterOp> parse(base::ByteView bytes);
};

class Register final : public consensus::Application {
 public:
  struct State {
    Committed at;
    std::map<std::uint8_t, std::uint64_t> last_sequence;  // by author
  };

  // `identities`: whom a reconfigure op may name, by number.
  Register(State state, const std::vector<consensus::Validator>& identities)
      : committed_(std::move(state)), identities_(identities) {}

  [[nodiscard]] std::optional<consensus::OpSummary> summarize(base::ByteView op) const override;
  void append_checks(base::ByteView op, std::vector<crypto::SignatureCheck>& checks) const override;
  [[nodiscard]] bool eligible(const consensus::BlockContext& at, base::ByteView op) const override;
  [[nodiscard]] consensus::Selected select(const consensus::BlockContext& at,
                                           std::span<const base::ByteView> candidates) override;
  [[nodiscard]] base::Result<consensus::Executed, consensus::Rejected> execute(
      const base::Digest& block, const consensus::BlockContext& at,
      std::span<const base::Bytes> ops) override;
  void commit(const base::Digest& block) override;
  void discard(const base::Digest& block) override;
  [[nodiscard]] Committed committed() const override { return committed_.at; }

  [[nodiscard]] const State& state() const { return committed_; }
  [[nodiscard]] std::size_t overlays() const { return overlays_.size(); }

 private:
  struct Overlay {
    base::Digest parent;
    State state;
  };

  [[nodiscard]] const State& state_of(const base::Digest& block) const;
  // Applies one op, or says why it cannot be.
  [[nodiscard]] std::optional<std::string> apply(State& state, base::ByteView op,
                                                 std::optional<consensus::NextEpoch>& next) const;

  State committed_;
  const std::vector<consensus::Validator>& identities_;
  std::map<base::Digest, Overlay> overlays_;
};

}  // namespace sim::agreement
