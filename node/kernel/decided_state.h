// The ledger as what agreement decides about: joins the two, which do not know each other.
#pragma once

#include "consensus/application.h"
#include "ledger/op.h"
#include "ledger/overlays.h"
#include "ledger/state.h"
#include "node/kernel/read_ops.h"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace kernel {

// The statements of agreement's signatures inside ops.
class StatementsOfAgreement final : public ledger::AgreementStatements {
 public:
  [[nodiscard]] crypto::Statement vote(const base::Digest& epoch_id, std::uint64_t view,
                                       const ledger::EvidenceVote& vote) const override;
  [[nodiscard]] crypto::Statement ready(const base::Digest& epoch_id, const ledger::Seats& next,
                                        const ledger::Parameters& parameters,
                                        std::uint64_t not_after_height) const override;
};

// What a decided block did.
struct Applied {
  base::Digest block;
  std::uint64_t height = 0;
  std::uint64_t timestamp_ms = 0;
  ledger::Outcome outcome;
};

class DecidedState final : public consensus::Application {
 public:
  // `state` is what `at` led to.
  // `salt`: drawn, and unknown to others.
  DecidedState(const base::MeshId& mesh, const Committed& at, ledger::State state,
               std::uint64_t salt);

  [[nodiscard]] const ledger::State& state() const { return overlays_.decided(); }
  // Once for each decided block, in their order.
  [[nodiscard]] Applied take_applied(const base::Digest& block);
  // The state that came as a whole, once, as it came: blocks on it may be decided by now.
  [[nodiscard]] ledger::State take_installed();

  // ---- consensus::Application ----
  [[nodiscard]] std::optional<consensus::OpSummary> summarize(base::ByteView op) const override;
  [[nodiscard]] std::optional<base::Digest> id_of(base::ByteView op) const override;
  void append_checks(base::ByteView op, std::vector<crypto::SignatureCheck>& checks) const override;
  [[nodiscard]] bool eligible(const consensus::BlockContext& at, base::ByteView op) const override;
  [[nodiscard]] consensus::Selected select(const consensus::BlockContext& at,
                                           std::span<const base::ByteView> candidates) override;
  [[nodiscard]] base::Result<consensus::Executed, consensus::Rejected> execute(
      const base::Digest& block, const consensus::BlockContext& at,
      std::span<const base::Bytes> ops) override;
  void commit(const base::Digest& block) override;
  void discard(const base::Digest& block) override;
  [[nodiscard]] Committed committed() const override { return committed_; }
  [[nodiscard]] std::unique_ptr<consensus::StateImage> image() const override;
  [[nodiscard]] std::unique_ptr<consensus::StateIntake> begin_intake(
      const base::Digest& root, base::ByteView manifest,
      std::unique_ptr<consensus::StateIntake> earlier) override;
  void install(std::unique_ptr<consensus::StateIntake> intake, const Committed& at) override;

 private:
  [[nodiscard]] std::optional<crypto::Verified<ledger::Op>> checked(base::ByteView op) const;

  mutable ReadOps read_;  // changes nothing that is answered
  const StatementsOfAgreement statements_;
  ledger::Overlays overlays_;
  Committed committed_;
  std::map<base::Digest, std::pair<std::uint64_t, std::uint64_t>> pending_;  // height, timestamp
  std::deque<Applied> applied_;  // that were not taken yet
  std::optional<ledger::State> installed_;
};

[[nodiscard]] consensus::Committee committee_of(const ledger::Seats& seats);
[[nodiscard]] consensus::Parameters parameters_of(const ledger::Parameters& parameters);

}  // namespace kernel
