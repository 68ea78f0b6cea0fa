// A mesh whose blocks a test decides by itself, one op after the other.
#pragma once

#include "crypto/verified.h"
#include "ledger/execution.h"
#include "ledger/genesis.h"
#include "tests/ledger/ledger_samples.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ledger {

inline void PrintTo(Reason reason, std::ostream* out) {
  *out << name_of(reason);
}

namespace samples {

inline constexpr std::nullopt_t done = std::nullopt;

// Nodes 1 to `founders` are its first validators.
class World {
 public:
  explicit World(Admission admission = Admission::open, std::uint8_t founders = 4) {
    Genesis genesis;
    genesis.mesh = mesh();
    genesis.name = "shop";
    genesis.admission = admission;
    std::vector<std::uint8_t> numbers;
    for (std::uint8_t i = 1; i <= founders; ++i) numbers.push_back(i);
    genesis.seats = seats(numbers);
    state = initial_state(genesis);
    block.epoch_id = digest("epoch 0");
    block.timestamp_ms = 1'000'000;
  }

  // A sequence number that was not used by that author.
  crypto::Verified<Op> op(std::uint8_t author, Payload payload) {
    return crypto::Verified<Op>::own(Op::sign(identity(author), mesh(), ++sequences_[author],
                                              block.timestamp_ms + 30'000, std::move(payload)));
  }
  // The next block, with these ops. Time goes on by a second.
  base::Result<void, Invalid> decide(const std::vector<crypto::Verified<Op>>& ops) {
    ++block.height;
    block.timestamp_ms += 1'000;
    auto outcome = execute(state, block, ops, limits);
    if (!outcome) return base::Unexpected{outcome.error()};
    state = outcome->state;
    last = *std::move(outcome);
    if (last->next) {
      block.epoch = last->next->epoch;
      block.epoch_id = digest("epoch " + std::to_string(block.epoch));
    }
    return {};
  }
  // One op in a block of its own: nothing, or why not.
  std::optional<Reason> decide(std::uint8_t author, Payload payload) {
    const crypto::Verified<Op> one = op(author, std::move(payload));
    const std::optional<Reason> refusal = refusal_of(state, after(1'000), one, limits);
    const auto decided = decide({one});
    EXPECT_EQ(decided.has_value(), !refusal.has_value());
    if (!decided) {
      EXPECT_EQ(decided.error().reason, refusal);
    }
    newest = one->id();
    return refusal;
  }
  // Blocks without ops, until so much time is over.
  void wait(std::uint64_t ms) {
    block.timestamp_ms += ms;
    EXPECT_TRUE(decide(std::vector<crypto::Verified<Op>>{}));
  }
  [[nodiscard]] BlockContext after(std::uint64_t ms) const {
    BlockContext out = block;
    ++out.height;
    out.timestamp_ms += ms;
    return out;
  }

  template <class T>
  [[nodiscard]] std::optional<T> read(std::string_view key) const {
    const auto found = state.find(key);
    return found ? parse<T>(*found) : std::nullopt;
  }
  [[nodiscard]] Member member(std::uint8_t number) const {
    return read<Member>(key::member(node(number))).value();
  }
  [[nodiscard]] std::string value(std::string_view key) const {
    const auto document = read<Document>(key::document(key));
    return document ? std::string(base::as_text(document->value)) : "(none)";
  }
  [[nodiscard]] std::vector<Event> events() const {
    return last ? last->events : std::vector<Event>{};
  }
  [[nodiscard]] Totals totals() const { return *read<Totals>(key::totals); }

  State state;
  BlockContext block;
  Limits limits;
  std::optional<Outcome> last;
  base::Digest newest;  // the id of the last op that decide() made

 private:
  std::map<std::uint8_t, std::uint64_t> sequences_;
};

}  // namespace samples
}  // namespace ledger
