#include "sim/byzantine/voice.h"

#include "wire/envelope.h"
#include "wire/packet_codec.h"

#include <utility>

namespace sim {

Voice::Voice(const crypto::Identity& identity, const base::MeshId& mesh, std::uint64_t epoch,
             kernel::GateOptions options)
    : self_(identity.id()),
      mesh_(mesh),
      options_(std::move(options)),
      gate_(identity, mesh, epoch, options_) {}

std::optional<base::Bytes> Voice::say(const base::NodeId& to, const gossip::Packet& packet) {
  gate_.allow(to, {});
  auto datagram = gate_.seal(to, packet.introduces, wire::encode(packet));
  if (!datagram) return std::nullopt;
  return std::move(datagram).value();
}

std::optional<base::Bytes> Voice::pass_on(const crypto::Identity& receiver,
                                          base::ByteView datagram) {
  auto found = keys_.find(receiver.id());
  if (found == keys_.end()) {
    auto derived = options_.derive_keys(receiver, self_, mesh_);
    if (!derived) return std::nullopt;
    found = keys_.emplace(receiver.id(), *derived).first;
  }
  const auto envelope = wire::read_envelope(datagram);
  if (!envelope) return std::nullopt;
  const wire::Envelope& head = envelope->head;
  const auto plaintext = found->second.open({.epoch = head.epoch, .counter = head.counter},
                                            envelope->clear, envelope->sealed);
  if (!plaintext) return std::nullopt;
  gate_.allow(receiver.id(), {});
  auto sealed = gate_.seal(receiver.id(), head.introduced.has_value(), *plaintext);
  if (!sealed) return std::nullopt;
  return std::move(sealed).value();
}

}  // namespace sim
