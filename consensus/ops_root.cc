#include "consensus/ops_root.h"

#include "base/check.h"
#include "consensus/statements.h"

#include <utility>

namespace consensus {

namespace {

std::vector<base::Digest> leaves_of(const std::vector<base::Bytes>& ops) {
  std::vector<base::Digest> leaves;
  leaves.reserve(ops.size());
  for (const base::Bytes& op : ops) {
    leaves.push_back(ops_leaf(static_cast<std::uint32_t>(leaves.size()), op));
  }
  return leaves;
}

std::vector<base::Digest> row_above(const std::vector<base::Digest>& row) {
  std::vector<base::Digest> above;
  above.reserve((row.size() + 1) / 2);
  for (std::size_t i = 0; i < row.size(); i += 2) {
    above.push_back(i + 1 < row.size() ? ops_node(row[i], row[i + 1]) : row[i]);
  }
  return above;
}

}  // namespace

base::Digest ops_root(const std::vector<base::Bytes>& ops) {
  if (ops.empty()) return {};
  std::vector<base::Digest> row = leaves_of(ops);
  while (row.size() > 1) row = row_above(row);
  return row.front();
}

std::vector<base::Digest> ops_path(const std::vector<base::Bytes>& ops, std::uint32_t index) {
  CHECK(index < ops.size());
  std::vector<base::Digest> path;
  std::vector<base::Digest> row = leaves_of(ops);
  for (std::size_t at = index; row.size() > 1; at /= 2) {
    const std::size_t sibling = at ^ 1U;
    if (sibling < row.size()) path.push_back(row[sibling]);
    row = row_above(row);
  }
  return path;
}

bool proves(const std::vector<base::Digest>& path, base::ByteView op, std::uint32_t index,
            std::uint32_t count, const base::Digest& root) {
  if (index >= count) return false;
  base::Digest hash = ops_leaf(index, op);
  auto next = path.begin();
  std::size_t at = index;
  for (std::size_t width = count; width > 1; width = (width + 1) / 2, at /= 2) {
    if ((at ^ 1U) >= width) continue;  // promoted
    if (next == path.end()) return false;
    hash = at % 2 == 0 ? ops_node(hash, *next) : ops_node(*next, hash);
    ++next;
  }
  return next == path.end() && hash == root;
}

}  // namespace consensus
