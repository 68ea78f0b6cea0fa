#include "ledger/event_codec.h"

#include "ledger/layout.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace ledger {

namespace {

constexpr std::size_t items_max = 65'535;

// The fields that events have, in the order of their bytes. A new one goes to the end.
template <class E, class Take>
void each_field(E& event, const Take& take) {
  if constexpr (requires { event.node; }) take(event.node);
  if constexpr (requires { event.name; }) take(event.name);
  if constexpr (requires { event.key; }) take(event.key);
  if constexpr (requires { event.id; }) take(event.id);
  if constexpr (requires { event.voter; }) take(event.voter);
  if constexpr (requires { event.reason; }) take(event.reason);
  if constexpr (requires { event.roles; }) take(event.roles);
  if constexpr (requires { event.right; }) take(event.right);
  if constexpr (requires { event.version; }) take(event.version);
  if constexpr (requires { event.choice; }) take(event.choice);
  if constexpr (requires { event.result; }) take(event.result);
  if constexpr (requires { event.agreed; }) take(event.agreed);
  if constexpr (requires { event.rejected; }) take(event.rejected);
  if constexpr (requires { event.epoch; }) take(event.epoch);
  if constexpr (requires { event.view; }) take(event.view);
  if constexpr (requires { event.proven; }) take(event.proven);
  if constexpr (requires { event.effect_refusal; }) take(event.effect_refusal);
}

constexpr std::uint8_t last_of(Right) {
  return right_count - 1;
}
constexpr std::uint8_t last_of(Choice) {
  return static_cast<std::uint8_t>(Choice::reject);
}
constexpr std::uint8_t last_of(BallotResult) {
  return static_cast<std::uint8_t>(BallotResult::withdrawn);
}
constexpr std::uint8_t last_of(Equivocation) {
  return static_cast<std::uint8_t>(Equivocation::finalized_and_nullified);
}
constexpr std::uint8_t last_of(Reason) {
  return static_cast<std::uint8_t>(Reason::already_known);
}

// Of an enumeration that starts at 1, 0 is no value.
template <class T>
constexpr std::uint8_t first_of(T) {
  return std::is_same_v<T, Equivocation> || std::is_same_v<T, Reason> ? 1 : 0;
}

class FieldWriter {
 public:
  explicit FieldWriter(Writer& out) : out_(out) {}
  template <class T>
  void operator()(const T& value) const {
    if constexpr (std::is_enum_v<T>) {
      out_.u8(static_cast<std::uint8_t>(value));
    } else {
      out_.fixed(value.view());
    }
  }
  void operator()(const std::uint32_t& value) const { out_.u32(value); }
  void operator()(const std::uint64_t& value) const { out_.u64(value); }
  void operator()(const std::string& value) const { out_.text(value); }
  void operator()(const RoleNames& value) const { write_roles(out_, value); }
  void operator()(const std::optional<Reason>& value) const {
    out_.flag(value.has_value());
    if (value) (*this)(*value);
  }

 private:
  Writer& out_;
};

class FieldReader {
 public:
  explicit FieldReader(Reader& in) : in_(in) {}
  template <class T>
  void operator()(T& value) const {
    if constexpr (std::is_enum_v<T>) {
      const std::uint8_t read = in_.choice(last_of(T{}));
      if (read < first_of(T{})) in_.refuse();
      value = static_cast<T>(read);
    } else {
      value = in_.id<T>();
    }
  }
  void operator()(std::uint32_t& value) const { value = in_.u32(); }
  void operator()(std::uint64_t& value) const { value = in_.u64(); }
  void operator()(std::string& value) const { value = in_.text(items_max); }
  void operator()(RoleNames& value) const { value = read_roles(in_); }
  void operator()(std::optional<Reason>& value) const {
    value.reset();
    if (in_.flag()) (*this)(value.emplace());
  }

 private:
  Reader& in_;
};

template <std::size_t... Kinds>
Event event_of(std::size_t kind, std::index_sequence<Kinds...> /*all*/) {
  Event out;
  static_cast<void>(((kind == Kinds && (out.emplace<Kinds>(), true)) || ...));
  return out;
}

Event read_event(Reader& in) {
  constexpr std::size_t kinds = std::variant_size_v<Event>;
  Event event = event_of(in.choice(kinds - 1), std::make_index_sequence<kinds>());
  std::visit([&in](auto& e) { each_field(e, FieldReader(in)); }, event);
  return event;
}

}  // namespace

base::Bytes encode_events(const Outcome& outcome) {
  Writer out;
  out.count(outcome.decisions.size());
  for (const Decision& decision : outcome.decisions) {
    const std::size_t count = std::min(decision.events, items_max);
    out.count(count);
    for (std::size_t i = 0; i < count; ++i) {
      const Event& event = outcome.events[decision.first_event + i];
      out.u8(static_cast<std::uint8_t>(event.index()));
      std::visit([&out](const auto& e) { each_field(e, FieldWriter(out)); }, event);
    }
  }
  return out.take();
}

std::optional<std::vector<std::vector<Event>>> decode_events(base::ByteView bytes) {
  Reader in(bytes);
  std::vector<std::vector<Event>> out(in.count(items_max));
  for (std::vector<Event>& events : out) {
    const std::size_t count = in.count(items_max);
    for (std::size_t i = 0; i < count && !in.refused(); ++i) events.push_back(read_event(in));
  }
  if (!in.done()) return std::nullopt;
  return out;
}

}  // namespace ledger
