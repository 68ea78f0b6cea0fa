// Liars by votes: they say everything at once, to whom it suits them.
#pragma once

#include "sim/agreement/byzantine/strategy.h"

#include <map>
#include <set>
#include <tuple>
#include <vector>

namespace sim::agreement {

// B5, B6, B7: notarize, finalize and nullify for whatever it sees, each to some.
class DoubleVoter final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;
  void on_broadcast(Villain& villain, const consensus::Message& message) override;

 private:
  void attack(Villain& villain, consensus::View view, const base::Digest& block);
};

// B8: gathers everybody's votes, adds its own, and shows a certificate to one node only.
class CertificatePool final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;
  // Its own votes go to one node only, so that certificates form there alone.
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;

 private:
  using Key = std::tuple<base::Digest, consensus::View, consensus::VoteKind, base::Digest>;
  std::map<Key, std::map<consensus::SignerIndex, consensus::Vote>> votes_;
};

// B14, B15: nullifies every view, its own after its notarization too.
class Nullifier final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;

 private:
  consensus::View last_ = 0;
  consensus::EpochNumber epoch_ = 0;
};

// B24: evidence that is none, made of honest votes.
class EvidenceForger final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;

 private:
  std::vector<consensus::Vote> seen_;
};

}  // namespace sim::agreement
