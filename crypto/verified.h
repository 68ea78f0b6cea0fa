// Verified<T>: a value whose signature was checked. Deciding code takes Verified<Record>, never a
// bare Record, so that forgetting the check does not compile.
//
// Checks cost about 50 microseconds, so they run in batches off the event loop: a machine emits
// SignatureChecks, the shell calls check() for each on a pool, the Verdicts come back as an input.
// A Verdict can only be made by check(); admit() turns it and the value into a Verified value.
#pragma once

#include "base/ids.h"
#include "crypto/identity.h"
#include "crypto/statement.h"

#include <optional>
#include <span>
#include <utility>

namespace crypto {

struct SignatureCheck {
  base::NodeId signer;
  Statement statement;
  Signature signature;
};

class Verdict {
 public:
  [[nodiscard]] bool holds() const { return holds_; }

 private:
  friend Verdict check(const SignatureCheck& question);
  friend Verdict check_stand_in(const SignatureCheck& question);  // crypto/stand_in.h
  explicit Verdict(bool holds) : holds_(holds) {}

  bool holds_;
};

// crypto_sign_verify_detached: RFC 8032 with libsodium's refusal of small-order keys and of
// non-canonical encodings. Pure, so any thread may call it.
[[nodiscard]] Verdict check(const SignatureCheck& question);

template <class T>
class Verified {
 public:
  // Nothing if the verdict says no. The caller passes the verdict of *this* value's check.
  [[nodiscard]] static std::optional<Verified> admit(T value, const Verdict& verdict) {
    if (!verdict.holds()) return std::nullopt;
    return Verified(std::move(value));
  }
  // Of a value with several signatures: nothing unless all of them hold. Those that the caller
  // knows already, byte for byte, need no verdict again; there may be none left.
  [[nodiscard]] static std::optional<Verified> admit_all(T value,
                                                         std::span<const Verdict> verdicts) {
    for (const Verdict& verdict : verdicts) {
      if (!verdict.holds()) return std::nullopt;
    }
    return Verified(std::move(value));
  }
  // A value that this node signed itself a moment ago, or put together from verified ones.
  [[nodiscard]] static Verified own(T value) { return Verified(std::move(value)); }

  [[nodiscard]] const T& operator*() const { return value_; }
  [[nodiscard]] const T* operator->() const { return &value_; }

 private:
  explicit Verified(T value) : value_(std::move(value)) {}

  T value_;
};

}  // namespace crypto
