#include "ledger/op_set.h"

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/digest.h"
#include "ledger/layout.h"

#include <string_view>

namespace ledger {

namespace {

constexpr std::string_view leaf_tag("mesh.opleaf.v1\0\0", 16);
constexpr std::string_view node_tag("mesh.opnode.v1\0\0", 16);

base::Digest leaf_of(std::uint32_t index, const base::Digest& id) {
  const base::Bytes place = Writer().u32(index).take();
  return crypto::digest({base::as_bytes(leaf_tag), place, id.view()});
}

base::Digest node_of(const base::Digest& left, const base::Digest& right) {
  return crypto::digest({base::as_bytes(node_tag), left.view(), right.view()});
}

}  // namespace

std::vector<OpPlace> op_places(std::span<const base::Digest> ids) {
  CHECK(!ids.empty());
  CHECK(ids.size() <= op_set_max);
  const auto count = static_cast<std::uint32_t>(ids.size());
  std::vector<OpPlace> places(count);
  std::vector<base::Digest> row;
  for (std::uint32_t i = 0; i < count; ++i) {
    places[i].index = i;
    places[i].count = count;
    row.push_back(leaf_of(i, ids[i]));
  }
  for (std::size_t level = 0; row.size() > 1; ++level) {
    for (OpPlace& place : places) {
      const std::size_t sibling = (place.index >> level) ^ 1U;
      if (sibling < row.size()) place.path.push_back(row[sibling]);
    }
    std::vector<base::Digest> above;
    for (std::size_t i = 0; i < row.size(); i += 2) {
      above.push_back(i + 1 < row.size() ? node_of(row[i], row[i + 1]) : row[i]);
    }
    row = std::move(above);
  }
  return places;
}

std::optional<base::Digest> op_set_root(const base::Digest& id, const OpPlace& place) {
  if (place.count == 0 || place.count > op_set_max || place.index >= place.count) {
    return std::nullopt;
  }
  if (place.path.size() != path_length(place.index, place.count)) return std::nullopt;
  base::Digest hash = leaf_of(place.index, id);
  auto next = place.path.begin();
  std::uint32_t at = place.index;
  for (std::uint32_t width = place.count; width > 1; width = (width + 1) / 2, at /= 2) {
    if ((at ^ 1U) >= width) continue;  // promoted
    hash = at % 2 == 0 ? node_of(hash, *next) : node_of(*next, hash);
    ++next;
  }
  return hash;
}

std::size_t path_length(std::uint32_t index, std::uint32_t count) {
  std::size_t length = 0;
  for (std::uint32_t width = count; width > 1; width = (width + 1) / 2, index /= 2) {
    if ((index ^ 1U) < width) ++length;
  }
  return length;
}

crypto::Statement op_set_statement(const base::MeshId& mesh, const base::NodeId& author,
                                   std::uint32_t count, const base::Digest& root) {
  crypto::Statement statement(crypto::Purpose::operations, mesh);
  statement.fixed(author.view()).u32(count).fixed(root.view());
  return statement;
}

}  // namespace ledger
