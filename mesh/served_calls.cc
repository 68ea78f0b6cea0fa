#include "mesh/served_calls.h"

#include "base/strings.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mesh {

Hop Hop::of(const base::NodeId& node) {
  Hop hop;
  for (std::size_t i = 0; i < 8; ++i) {
    hop.value = (hop.value << 8U) | std::to_integer<std::uint64_t>(node.bytes.at(i));
  }
  return hop;
}

std::string format_path(const Path& path) {
  constexpr std::string_view alphabet = "0123456789abcdef";
  std::string out;
  out.reserve(path.size() * 17);
  for (const Hop hop : path) {
    if (!out.empty()) out.push_back(',');
    for (unsigned shift = 64; shift > 0; shift -= 4) {
      out.push_back(alphabet[(hop.value >> (shift - 4)) & 15U]);
    }
  }
  return out;
}

std::optional<Path> parse_path(std::string_view text) {
  Path path;
  if (base::trim(text).empty()) return path;
  for (const std::string_view piece : base::split(text, ',')) {
    const std::string_view word = base::trim(piece);
    if (word.size() != 16 && word.size() != 64) return std::nullopt;
    std::array<std::byte, 32> bytes{};
    if (!base::from_hex(word, std::span(bytes).first(word.size() / 2))) return std::nullopt;
    path.push_back(Hop::of(base::NodeId{bytes}));
  }
  return path;
}

bool passes(const Path& path, Hop hop) {
  return std::ranges::find(path, hop) != path.end();
}

void ServedCalls::put(Served served) {
  const ExchangeId exchange = served.exchange;
  remove(exchange);
  by_call_.insert_or_assign(served.call, exchange);
  by_trace_.emplace(served.trace_id, exchange);
  served_.emplace(exchange, std::move(served));
}

void ServedCalls::remove(ExchangeId exchange) {
  const auto found = served_.find(exchange);
  if (found == served_.end()) return;
  const auto call = by_call_.find(found->second.call);
  if (call != by_call_.end() && call->second == exchange) by_call_.erase(call);
  const auto [begin, end] = by_trace_.equal_range(found->second.trace_id);
  const auto trace =
      std::find_if(begin, end, [&](const auto& item) { return item.second == exchange; });
  if (trace != end) by_trace_.erase(trace);
  served_.erase(found);
}

void ServedCalls::lift_deadline(ExchangeId exchange) {
  const auto found = served_.find(exchange);
  if (found != served_.end()) found->second.deadline = base::Instant::never();
}

const ServedCalls::Served* ServedCalls::find(std::string_view call,
                                             std::string_view trace_id) const {
  const auto by_call = by_call_.find(call);
  if (by_call != by_call_.end()) return &served_.at(by_call->second);
  const Served* best = nullptr;
  const auto [begin, end] = by_trace_.equal_range(trace_id);
  for (auto it = begin; it != end; ++it) {
    const Served& served = served_.at(it->second);
    if (best == nullptr || served.path.size() > best->path.size()) best = &served;
  }
  return best;
}

}  // namespace mesh
