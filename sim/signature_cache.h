// Each distinct signature of a world is computed once, however many nodes ask for it. Only real
// verdicts of crypto::check() are kept, by the whole question.
#pragma once

#include "crypto/verified.h"

#include <cstdint>
#include <map>
#include <utility>

namespace sim {

class SignatureCache {
 public:
  [[nodiscard]] crypto::Verdict check(const crypto::SignatureCheck& question) {
    ++asked_;
    const auto found = known_.find(question.signature);
    if (found != known_.end()) {
      const auto& [known, verdict] = found->second;
      if (known.signer == question.signer && known.statement == question.statement) return verdict;
      ++computed_;
      return crypto::check(question);  // one signature under two statements: an attack, not a habit
    }
    ++computed_;
    const crypto::Verdict verdict = crypto::check(question);
    if (known_.size() >= entries_max) known_.clear();
    known_.emplace(question.signature, std::pair(question, verdict));
    return verdict;
  }

  [[nodiscard]] std::uint64_t asked() const { return asked_; }
  [[nodiscard]] std::uint64_t computed() const { return computed_; }

 private:
  static constexpr std::size_t entries_max = 200'000;

  std::map<crypto::Signature, std::pair<crypto::SignatureCheck, crypto::Verdict>> known_;
  std::uint64_t asked_ = 0;
  std::uint64_t computed_ = 0;
};

}  // namespace sim
