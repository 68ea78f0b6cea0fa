#include "node/kernel/datagram_gate.h"

#include "base/check.h"

#include <algorithm>
#include <utility>

namespace kernel {

namespace {

constexpr std::size_t index_of(GateError error) {
  return static_cast<std::size_t>(error);
}

}  // namespace

std::string_view to_string(GateError error) {
  switch (error) {
    case GateError::wrong_size:
      return "wrong_size";
    case GateError::unknown_version:
      return "unknown_version";
    case GateError::foreign_mesh:
      return "foreign_mesh";
    case GateError::unknown_sender:
      return "unknown_sender";
    case GateError::rate_limited:
      return "rate_limited";
    case GateError::introductions_limited:
      return "introductions_limited";
    case GateError::replayed:
      return "replayed";
    case GateError::not_authentic:
      return "not_authentic";
    case GateError::unusable_key:
      return "unusable_key";
  }
  CHECK(false);
  return {};
}

DatagramGate::DatagramGate(crypto::Identity identity, const base::MeshId& mesh, std::uint64_t epoch,
                           GateOptions options)
    : identity_(std::move(identity)),
      mesh_(mesh),
      options_(std::move(options)),
      epoch_(static_cast<std::uint32_t>(epoch)),
      introductions_(options_.introductions_per_second, options_.introductions_burst),
      failures_(options_.failing_addresses_max) {
  CHECK(epoch <= wire::Envelope::epoch_max);  // next_epoch() and the store see to that
  CHECK(options_.keys_max > 0);
  CHECK(options_.datagram_max > wire::Envelope::introducing_size + crypto::seal_tag_size);
}

bool DatagramGate::claim(std::uint64_t epoch) {
  if (epoch > wire::Envelope::epoch_max) return false;
  if (epoch <= epoch_) return true;
  epoch_ = static_cast<std::uint32_t>(epoch);
  counter_ = 0;
  return true;
}

bool DatagramGate::allow(const base::NodeId& peer, const Known& record) {
  if (peer == identity_.id()) return false;
  auto found = peers_.find(peer);
  if (found == peers_.end()) {
    if (peers_.size() >= options_.peers_max) return false;
    Peer fresh{.rate = base::PermitRate(options_.peer_datagrams_per_second, options_.peer_burst),
               .window = {},
               .at = {},
               .keys = std::nullopt,
               .used = newest_first_.end()};
    found = peers_.emplace(peer, std::move(fresh)).first;
  }
  found->second.at = record.at;
  found->second.window.start_at(
      static_cast<std::uint32_t>(std::min<std::uint64_t>(record.epoch, wire::Envelope::epoch_max)));
  return true;
}

void DatagramGate::forget(const base::NodeId& peer) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  if (found->second.keys) newest_first_.erase(found->second.used);
  peers_.erase(found);
}

std::size_t DatagramGate::plaintext_max(bool introduces) const {
  return options_.datagram_max - crypto::seal_tag_size -
         (introduces ? wire::Envelope::introducing_size : wire::Envelope::size);
}

std::uint64_t DatagramGate::refused(GateError error) const {
  return refused_[index_of(error)];
}

base::Result<base::Bytes, GateError> DatagramGate::seal(const base::NodeId& peer, bool introduces,
                                                        base::ByteView plaintext) {
  if (plaintext.size() > plaintext_max(introduces)) return base::Unexpected{GateError::wrong_size};
  const auto found = peers_.find(peer);
  std::optional<crypto::PairKeys> derived;
  const crypto::PairKeys* keys = nullptr;
  if (found != peers_.end()) {
    keys = keys_of(found);
  } else {
    derived = options_.derive_keys(identity_, peer, mesh_);
    if (derived) keys = &*derived;
  }
  if (keys == nullptr) return base::Unexpected{GateError::unusable_key};

  // One counter for all peers: 48 bits last for nine centuries at 10,000 datagrams a second.
  ++counter_;
  base::Bytes out;
  out.reserve(options_.datagram_max);
  wire::append_envelope(
      wire::Envelope{.mesh = wire::mesh_tag(mesh_),
                     .sender = wire::short_id(identity_.id()),
                     .introduced = introduces ? std::optional(identity_.id()) : std::nullopt,
                     .epoch = epoch_,
                     .counter = counter_},
      out);
  keys->seal({.epoch = epoch_, .counter = counter_}, out, plaintext, out);
  return out;
}

base::Result<DatagramGate::Opened, GateError> DatagramGate::open(const base::Endpoint& from,
                                                                 base::ByteView datagram,
                                                                 base::Instant now) {
  auto result = examine(from, datagram, now);
  if (result) {
    ++opened_;
  } else {
    ++refused_[index_of(result.error())];
  }
  return result;
}

base::Result<DatagramGate::Opened, GateError> DatagramGate::examine(const base::Endpoint& from,
                                                                    base::ByteView datagram,
                                                                    base::Instant now) {
  if (datagram.size() > options_.datagram_max) return base::Unexpected{GateError::wrong_size};
  if (datagram.size() < wire::Envelope::size + crypto::seal_tag_size) {
    return base::Unexpected{GateError::wrong_size};
  }
  const auto envelope = wire::read_envelope(datagram);
  if (!envelope) {
    return base::Unexpected{envelope.error() == wire::EnvelopeError::too_short
                                ? GateError::wrong_size
                                : GateError::unknown_version};
  }
  const wire::Envelope& head = envelope->head;
  if (head.mesh != wire::mesh_tag(mesh_)) return base::Unexpected{GateError::foreign_mesh};

  if (head.introduced) {
    if (*head.introduced == identity_.id()) return base::Unexpected{GateError::unknown_sender};
    const auto known = peers_.find(*head.introduced);
    return known != peers_.end() ? open_known(known, from, *envelope, now)
                                 : open_introduction(*envelope, now);
  }

  // Two members may share a short id: each is tried, and the better of their errors told.
  base::NodeId first{};
  std::copy(head.sender.bytes.begin(), head.sender.bytes.end(), first.bytes.begin());
  GateError error = GateError::unknown_sender;
  for (auto peer = peers_.lower_bound(first);
       peer != peers_.end() && wire::short_id(peer->first) == head.sender; ++peer) {
    auto opened = open_known(peer, from, *envelope, now);
    if (opened) return opened;
    error = opened.error();
  }
  return base::Unexpected{error};
}

base::Result<DatagramGate::Opened, GateError> DatagramGate::open_known(
    Peers::iterator peer, const base::Endpoint& from, const wire::OpenedEnvelope& envelope,
    base::Instant now) {
  auto& [id, state] = *peer;
  const crypto::SealNonce nonce{.epoch = envelope.head.epoch, .counter = envelope.head.counter};
  if (!state.window.fresh(nonce)) return base::Unexpected{GateError::replayed};
  const bool elsewhere = from != state.at;
  if (elsewhere && failures_of(from).wait(now) > base::Duration::zero()) {
    return base::Unexpected{GateError::rate_limited};
  }
  const crypto::PairKeys* keys = keys_of(peer);
  if (keys == nullptr) return base::Unexpected{GateError::unusable_key};
  auto plaintext = keys->open(nonce, envelope.clear, envelope.sealed);
  if (!plaintext) {
    if (elsewhere) static_cast<void>(failures_of(from).take(now));
    return base::Unexpected{GateError::not_authentic};
  }
  state.window.commit(nonce);
  state.at = from;
  if (!state.rate.take(now)) return base::Unexpected{GateError::rate_limited};
  return Opened{.sender = id,
                .introduced = envelope.head.introduced.has_value(),
                .plaintext = std::move(*plaintext)};
}

base::PermitRate& DatagramGate::failures_of(const base::Endpoint& from) {
  std::optional<base::PermitRate>& rate = failures_.use(from.ip);
  if (!rate) rate.emplace(options_.failures_per_second, options_.failures_burst);
  return *rate;
}

base::Result<DatagramGate::Opened, GateError> DatagramGate::open_introduction(
    const wire::OpenedEnvelope& envelope, base::Instant now) {
  if (!introductions_.take(now)) return base::Unexpected{GateError::introductions_limited};
  const base::NodeId& sender = *envelope.head.introduced;
  const auto keys = options_.derive_keys(identity_, sender, mesh_);
  if (!keys) return base::Unexpected{GateError::unusable_key};
  auto plaintext = keys->open({.epoch = envelope.head.epoch, .counter = envelope.head.counter},
                              envelope.clear, envelope.sealed);
  if (!plaintext) return base::Unexpected{GateError::not_authentic};
  return Opened{.sender = sender, .introduced = true, .plaintext = std::move(*plaintext)};
}

const crypto::PairKeys* DatagramGate::keys_of(Peers::iterator peer) {
  Peer& state = peer->second;
  if (state.keys) {
    newest_first_.splice(newest_first_.begin(), newest_first_, state.used);
    return &*state.keys;
  }
  state.keys = options_.derive_keys(identity_, peer->first, mesh_);
  if (!state.keys) return nullptr;
  newest_first_.push_front(peer->first);
  state.used = newest_first_.begin();
  if (newest_first_.size() > options_.keys_max) {
    peers_.find(newest_first_.back())->second.keys.reset();
    newest_first_.pop_back();
  }
  return &*state.keys;
}

}  // namespace kernel
