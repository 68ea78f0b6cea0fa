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
  for (bool more = true; more;) {
    const std::size_t comma = text.find(',');
    more = comma != std::string_view::npos;
    const std::string_view word = base::trim(text.substr(0, comma));
    if (more) text.remove_prefix(comma + 1);
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

std::optional<ServedCalls::Place> ServedCalls::place_of(ExchangeId exchange) const {
  return by_exchange_.find(base::spread(exchange.value), [&](Place candidate) {
    return served_[candidate].exchange == exchange;
  });
}

void ServedCalls::put(Served served) {
  remove(served.exchange);
  if (free_.empty()) {
    free_.push_back(static_cast<Place>(served_.size()));
    served_.emplace_back();
  }
  const Place place = free_.back();
  free_.pop_back();
  by_exchange_.insert(base::spread(served.exchange.value), place);
  by_call_.insert(base::spread(served.call.view()), place);
  by_trace_.insert(base::spread(served.trace_id.view()), place);
  served_[place] = std::move(served);
}

void ServedCalls::remove(ExchangeId exchange) {
  const std::optional<Place> place = place_of(exchange);
  if (!place) return;
  const Served& served = served_[*place];
  by_exchange_.erase(base::spread(exchange.value), *place);
  by_call_.erase(base::spread(served.call.view()), *place);
  by_trace_.erase(base::spread(served.trace_id.view()), *place);
  free_.push_back(*place);
}

void ServedCalls::lift_deadline(ExchangeId exchange) {
  if (const auto place = place_of(exchange)) served_[*place].deadline = base::Instant::never();
}

void ServedCalls::note_further_on(ExchangeId exchange, bool in_vain) {
  if (const auto place = place_of(exchange)) served_[*place].failed_further_on = in_vain;
}

bool ServedCalls::failed_further_on(ExchangeId exchange) const {
  const auto place = place_of(exchange);
  return place && served_[*place].failed_further_on;
}

const ServedCalls::Served* ServedCalls::find(std::string_view call,
                                             std::string_view trace_id) const {
  const Served* best = nullptr;
  // Nothing matches, so that all of the hash are looked at.
  static_cast<void>(by_call_.find(base::spread(call), [&](Place candidate) {
    const Served& served = served_[candidate];
    if (served.call == call && (best == nullptr || best->exchange < served.exchange)) {
      best = &served;
    }
    return false;
  }));
  if (best != nullptr) return best;
  static_cast<void>(by_trace_.find(base::spread(trace_id), [&](Place candidate) {
    const Served& served = served_[candidate];
    const bool longer =
        best == nullptr || served.path.size() > best->path.size() ||
        (served.path.size() == best->path.size() && served.exchange < best->exchange);
    if (served.trace_id == trace_id && longer) best = &served;
    return false;
  }));
  return best;
}

}  // namespace mesh
