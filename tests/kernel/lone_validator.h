// One validator alone, which decides by itself: its disk and its pool are done at once.
#pragma once

#include "base/match.h"
#include "crypto/identity.h"
#include "node/kernel/kernel.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kernel {

inline crypto::Identity some_identity(std::uint8_t number) {
  crypto::Seed seed;
  seed.bytes.fill(static_cast<std::byte>(number));
  return crypto::Identity::from_seed(seed);
}

class LoneValidator {
 public:
  static AgreementOptions founded(StoredAgreement stored = {}) {
    ledger::Genesis genesis;
    genesis.mesh.bytes[0] = std::byte{5};
    genesis.name = "test";
    genesis.seats = {{.node = some_identity(1).id(),
                      .vote_key = *base::VoteKey::from_view(some_identity(2).id().view())}};
    AgreementOptions options{.genesis = genesis,
                             .consensus = {},
                             .voting_key = some_identity(2),
                             .stored = std::move(stored)};
    options.decisions_kept = 3;
    return options;
  }

  explicit LoneValidator(StoredAgreement stored = {}) {
    Options options;
    options.name = "a";
    options.advertise = *base::Endpoint::parse("127.0.0.1:7400");
    kernel_.emplace(options, some_identity(1), Stored{}, base::Rng(1), founded(std::move(stored)));
    feed(Started{base::WallTime{1'772'366'400'000}});
    pass(std::chrono::seconds(12));  // the echo check
  }

  // And all that follows from it.
  void feed(Input first) {
    std::deque<Input> inputs;
    inputs.push_back(std::move(first));
    while (!inputs.empty()) {
      Effects effects;
      kernel_->handle(std::move(inputs.front()), now, effects);
      inputs.pop_front();
      for (Effect& effect : effects) {
        base::match(
            effect,
            [&](const CheckSignatures& e) {
              std::vector<crypto::Verdict> verdicts;
              for (const auto& check : e.checks) verdicts.push_back(crypto::check(check));
              inputs.push_back(SignaturesChecked{e.batch, std::move(verdicts)});
            },
            [&](const SyncLog& e) {
              inputs.push_back(LogSynced{e.position, std::chrono::milliseconds(1)});
            },
            [&](StoreDecisions& e) {
              for (auto& decision : e.decisions) archive.push_back(std::move(decision));
              inputs.push_back(DecisionsStored{archive.back().height});
            },
            [&](const base::Notice& e) { notices.push_back(e.text); }, [](const auto&) {});
      }
    }
  }
  void pass(base::Duration duration) {
    const base::Instant end = now + duration;
    while (kernel_->next_deadline() <= end) {
      now = std::max(now, kernel_->next_deadline());
      feed(TimePassed{});
    }
    now = end;
  }
  bool decides(ledger::Payload payload) {
    const std::uint64_t before = agreement().decided();
    feed(OpProposed{agreement().draft(std::move(payload))});
    for (int i = 0; i < 100 && agreement().decided() == before; ++i) {
      pass(std::chrono::milliseconds(100));
    }
    return agreement().decided() == before + 1;
  }
  bool decides(const std::string& key) {
    return decides(ledger::PutDocument{.key = key, .value = base::to_bytes("1")});
  }

  [[nodiscard]] const Kernel& kernel() const { return *kernel_; }
  [[nodiscard]] const Agreement& agreement() const { return *kernel_->agreement(); }

  base::Instant now;
  std::vector<StoredDecision> archive;
  std::vector<std::string> notices;

 private:
  std::optional<Kernel> kernel_;
};

}  // namespace kernel
