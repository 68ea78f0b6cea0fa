// Each distinct signature of a world is computed once, however many nodes ask for it. Only real
// verdicts of crypto::check() are kept, by the whole question.
#pragma once

#include "crypto/verified.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim {

class SignatureCache {
 public:
  SignatureCache() : buckets_(buckets) {}

  [[nodiscard]] crypto::Verdict check(const crypto::SignatureCheck& question) {
    ++asked_;
    std::vector<Entry>& bucket = buckets_[bucket_of(question.signature)];
    for (const Entry& known : bucket) {
      if (known.question.signature == question.signature &&
          known.question.signer == question.signer &&
          known.question.statement == question.statement) {
        return known.verdict;
      }
    }
    ++computed_;
    if (bucket.size() == bucket_entries_max) bucket.clear();
    bucket.push_back({question, crypto::check(question)});
    return bucket.back().verdict;
  }

  [[nodiscard]] std::uint64_t asked() const { return asked_; }
  [[nodiscard]] std::uint64_t computed() const { return computed_; }

 private:
  struct Entry {
    crypto::SignatureCheck question;
    crypto::Verdict verdict;
  };
  static constexpr std::size_t buckets = 1 << 14;
  static constexpr std::size_t bucket_entries_max = 32;

  // The first bytes of a signature are as good as random.
  static std::size_t bucket_of(const crypto::Signature& signature) {
    return (std::to_integer<std::size_t>(signature.bytes[0]) << 8 |
            std::to_integer<std::size_t>(signature.bytes[1])) %
           buckets;
  }

  std::vector<std::vector<Entry>> buckets_;
  std::uint64_t asked_ = 0;
  std::uint64_t computed_ = 0;
};

}  // namespace sim
