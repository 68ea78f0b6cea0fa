// Own experience and what others say, put together. Others count by their median, one vote each
// whatever they claim to have behind it: as long as fewer than half of them lie, what comes out
// lies between two values that honest ones gave. And they weigh like twenty calls of our own, so
// that even a lying majority is outweighed by what we see ourselves.
#pragma once

#include "mesh/score/running_mean.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mesh::score {

inline constexpr double others_weight = 20;  // in samples of our own
inline constexpr std::size_t votes_min = 3;  // below, one liar could decide

// The medians of what others saw of one agent; nothing where too few say anything.
struct Opinion {
  std::uint32_t authors = 0;
  std::optional<double> success{};
  std::optional<double> quality{};
  std::optional<double> latency{};  // in nanoseconds, as blend() takes it

  bool operator==(const Opinion&) const = default;
};

// Of an even number the mean of the middle two; nothing below votes_min.
[[nodiscard]] std::optional<double> opinion_of(std::vector<double> votes);

// Of own calls and the opinion of others: weighted n : 20 by the n samples of our own. Without an
// opinion what is our own, and 0 samples if that is nothing: then any prior is as good.
[[nodiscard]] Estimate blend(Estimate own, std::optional<double> opinion);
[[nodiscard]] Estimate blend(Estimate own, std::span<const Estimate> others);

}  // namespace mesh::score
