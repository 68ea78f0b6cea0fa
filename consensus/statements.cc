#include "consensus/statements.h"

#include "base/check.h"
#include "crypto/digest.h"

#include <algorithm>
#include <string_view>

namespace consensus {

namespace {

constexpr std::size_t tag_size = 16;
constexpr std::string_view block_tag = "mesh.block.v1";

// Writes fields one after the other into a string of known size.
template <std::size_t Size>
class Layout {
 public:
  explicit Layout(std::string_view tag) {
    CHECK(tag.size() <= tag_size);
    fixed(base::as_bytes(tag));
    at_ = tag_size;
  }
  Layout& number(std::uint64_t value, std::size_t width) {
    for (std::size_t i = 0; i < width; ++i) {
      bytes_.at(at_++) = static_cast<std::byte>(value >> (8 * i));
    }
    return *this;
  }
  Layout& fixed(base::ByteView bytes) {
    CHECK(bytes.size() <= Size - at_);
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(at_));
    at_ += bytes.size();
    return *this;
  }
  [[nodiscard]] const std::array<std::byte, Size>& bytes() const {
    CHECK(at_ == Size);
    return bytes_;
  }

 private:
  std::array<std::byte, Size> bytes_{};
  std::size_t at_ = 0;
};

class Fields {
 public:
  explicit Fields(base::ByteView bytes) : bytes_(bytes) {}
  template <class Number>
  void number(Number& value) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i) {
      sum |= std::to_integer<std::uint64_t>(bytes_[at_++]) << (8 * i);
    }
    value = static_cast<Number>(sum);
  }
  void fixed(base::Digest& value) {
    const base::ByteView part = bytes_.subspan(at_, base::Digest::size);
    std::copy(part.begin(), part.end(), value.bytes.begin());
    at_ += base::Digest::size;
  }

 private:
  base::ByteView bytes_;
  std::size_t at_ = 0;
};

}  // namespace

crypto::Statement vote_statement(VoteKind kind, const base::Digest& epoch_id, View view,
                                 const base::Digest& block) {
  crypto::Statement statement = crypto::Statement::bare(crypto::Purpose::vote);
  statement.u8(static_cast<std::uint8_t>(kind)).u8(0).u16(0).u32(0);
  statement.fixed(epoch_id.view()).u64(view).fixed(block.view());
  return statement;
}

crypto::Statement ready_statement(const base::Digest& epoch_id, const NextEpoch& next,
                                  Height not_after_height) {
  crypto::Statement statement = crypto::Statement::bare(crypto::Purpose::ready);
  statement.fixed(epoch_id.view());
  statement.fixed(committee_root(next.committee).view());
  statement.fixed(parameters_hash(next.parameters).view());
  statement.u64(not_after_height);
  return statement;
}

std::array<std::byte, header_size> header_bytes(const BlockHeader& header) {
  Layout<header_size> layout(block_tag);
  layout.number(header.version, 2).number(header.flags, 2).number(header.proposer, 2).number(0, 2);
  layout.fixed(header.epoch_id.view());
  layout.number(header.view, 8).number(header.height, 8).number(header.parent_view, 8);
  layout.fixed(header.parent_hash.view()).number(header.timestamp_ms, 8);
  layout.number(header.ops_count, 4).number(header.ops_bytes, 4);
  layout.fixed(header.ops_root.view()).fixed(header.state_root.view());
  layout.fixed(header.next_epoch.view());
  return layout.bytes();
}

std::optional<BlockHeader> parse_header(base::ByteView bytes) {
  if (bytes.size() != header_size) return std::nullopt;
  BlockHeader header;
  Fields fields(bytes.subspan(tag_size));
  std::uint16_t zero = 0;
  fields.number(header.version);
  fields.number(header.flags);
  fields.number(header.proposer);
  fields.number(zero);
  fields.fixed(header.epoch_id);
  fields.number(header.view);
  fields.number(header.height);
  fields.number(header.parent_view);
  fields.fixed(header.parent_hash);
  fields.number(header.timestamp_ms);
  fields.number(header.ops_count);
  fields.number(header.ops_bytes);
  fields.fixed(header.ops_root);
  fields.fixed(header.state_root);
  fields.fixed(header.next_epoch);
  // The tag and the zeros: what is written back must be what was read.
  const auto again = header_bytes(header);
  if (!std::equal(again.begin(), again.end(), bytes.begin())) return std::nullopt;
  return header;
}

base::Digest committee_root(const Committee& committee) {
  base::Bytes members;
  members.reserve(64 * committee.size());
  for (const Validator& member : committee.members()) {
    members.insert(members.end(), member.node.bytes.begin(), member.node.bytes.end());
    members.insert(members.end(), member.vote_key.bytes.begin(), member.vote_key.bytes.end());
  }
  Layout<tag_size + 2> head("mesh.comm.v1");
  head.number(committee.size(), 2);
  return crypto::digest({head.bytes(), members});
}

base::Digest parameters_hash(const Parameters& parameters) {
  Layout<tag_size + 10> layout("mesh.params.v1");
  layout.number(parameters.version, 2);
  layout.number(parameters.block_bytes_max, 4).number(parameters.block_ops_max, 4);
  return crypto::digest(layout.bytes());
}

base::Digest epoch_id(const EpochDescriptor& descriptor) {
  Layout<tag_size + 176> layout("mesh.epoch.v1");
  layout.fixed(descriptor.mesh.view()).number(descriptor.number, 8);
  layout.fixed(descriptor.previous.view()).fixed(descriptor.anchor_hash.view());
  layout.number(descriptor.anchor_height, 8);
  layout.fixed(committee_root(descriptor.committee).view());
  layout.fixed(parameters_hash(descriptor.parameters).view());
  return crypto::digest(layout.bytes());
}

base::Digest next_epoch_root(const NextEpoch& next) {
  Layout<tag_size + 64> layout("mesh.next.v1");
  layout.fixed(committee_root(next.committee).view());
  layout.fixed(parameters_hash(next.parameters).view());
  return crypto::digest(layout.bytes());
}

base::Digest ops_leaf(std::uint32_t index, base::ByteView op) {
  Layout<tag_size + 4 + 32> layout("mesh.leaf.v1");
  layout.number(index, 4).fixed(crypto::digest(op).view());
  return crypto::digest(layout.bytes());
}

base::Digest ops_node(const base::Digest& left, const base::Digest& right) {
  Layout<tag_size + 64> layout("mesh.node.v1");
  layout.fixed(left.view()).fixed(right.view());
  return crypto::digest(layout.bytes());
}

}  // namespace consensus
