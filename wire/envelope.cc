#include "wire/envelope.h"

#include "base/check.h"

#include <algorithm>

namespace wire {

namespace {

constexpr std::uint8_t version = 1;  // in the high half of the first byte
constexpr std::uint8_t introduces_flag = 0x01;
constexpr std::size_t epoch_size = 4;
constexpr std::size_t counter_size = 6;

void append_little_endian(std::uint64_t value, std::size_t size, base::Bytes& out) {
  for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
}

std::uint64_t read_little_endian(base::ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  }
  return value;
}

// Takes the next `size` bytes, of which there are enough.
base::ByteView take(base::ByteView& rest, std::size_t size) {
  const base::ByteView taken = rest.first(size);
  rest = rest.subspan(size);
  return taken;
}

}  // namespace

ShortId short_id(const base::NodeId& id) {
  return *ShortId::from_view(id.view().first(8));
}

MeshTag mesh_tag(const base::MeshId& mesh) {
  return *MeshTag::from_view(mesh.view().first(3));
}

void append_envelope(const Envelope& envelope, base::Bytes& out) {
  CHECK(envelope.counter <= Envelope::counter_max);
  const std::uint8_t flags = envelope.introduced ? introduces_flag : 0;
  out.push_back(static_cast<std::byte>((version << 4) | flags));
  out.insert(out.end(), envelope.mesh.bytes.begin(), envelope.mesh.bytes.end());
  const base::ByteView sender =
      envelope.introduced ? envelope.introduced->view() : envelope.sender.view();
  out.insert(out.end(), sender.begin(), sender.end());
  append_little_endian(envelope.epoch, epoch_size, out);
  append_little_endian(envelope.counter, counter_size, out);
}

base::Result<OpenedEnvelope, EnvelopeError> read_envelope(base::ByteView datagram) {
  if (datagram.size() < Envelope::size) return base::Unexpected{EnvelopeError::too_short};
  const auto first = std::to_integer<std::uint8_t>(datagram[0]);
  if (first >> 4 != version) return base::Unexpected{EnvelopeError::unknown_version};
  if ((first & 0x0f & ~introduces_flag) != 0) {
    return base::Unexpected{EnvelopeError::unknown_version};
  }
  const bool introduces = (first & introduces_flag) != 0;
  const std::size_t size = introduces ? Envelope::introducing_size : Envelope::size;
  if (datagram.size() < size) return base::Unexpected{EnvelopeError::too_short};

  OpenedEnvelope opened{
      .head = {}, .clear = datagram.first(size), .sealed = datagram.subspan(size)};
  base::ByteView rest = opened.clear.subspan(1);
  opened.head.mesh = *MeshTag::from_view(take(rest, MeshTag::size));
  if (introduces) {
    opened.head.introduced = base::NodeId::from_view(take(rest, base::NodeId::size));
    opened.head.sender = short_id(*opened.head.introduced);
  } else {
    opened.head.sender = *ShortId::from_view(take(rest, ShortId::size));
  }
  opened.head.epoch = static_cast<std::uint32_t>(read_little_endian(take(rest, epoch_size)));
  opened.head.counter = read_little_endian(take(rest, counter_size));
  return opened;
}

}  // namespace wire
