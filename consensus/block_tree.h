// The blocks above the committed one, and what executing them led to. A block is valid for ever or
// invalid for ever: that follows from its parent's state, its header and its ops alone
// (CONSENSUS 3.8). The overlay states themselves live in the Application, under the same hashes.
#pragma once

#include "base/ids.h"
#include "consensus/application.h"
#include "consensus/block.h"
#include "consensus/epochs.h"
#include "consensus/options.h"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace consensus {

// What has to be known of a parent to check a child.
struct ParentBlock {
  base::Digest hash;
  Height height = 0;
  std::uint64_t timestamp_ms = 0;
  base::Digest state_root;
  base::Digest epoch_id;    // zero before the first block of a mesh
  base::Digest next_epoch;  // not zero: a seal or its tail
};

[[nodiscard]] ParentBlock as_parent(const BlockHeader& header, const base::Digest& hash);

// Whether a child in this epoch stands behind a seal of the same epoch.
[[nodiscard]] inline bool behind_seal(const ParentBlock& parent, const base::Digest& epoch_id) {
  return !parent.next_epoch.is_zero() && parent.epoch_id == epoch_id;
}

// What is wrong with a header and the shape of its body, state aside (3.8.1, 3.8.4).
[[nodiscard]] std::optional<std::string> fault_of(const Block& block, const ParentBlock& parent,
                                                  const Epoch& epoch);

class BlockTree {
 public:
  BlockTree(Application& application, const Epochs& epochs, const Options& options,
            ParentBlock root);

  // A body whose ops are what its header says. Unknown ones only.
  void add(BlockPtr block);
  // Above the root, or one of those committed lately.
  [[nodiscard]] BlockPtr find(const base::Digest& hash) const;

  struct Standing {
    enum class Kind : std::uint8_t { valid, missing, invalid } kind = Kind::missing;
    base::Digest missing;  // the body to ask for
    std::string fault;
  };
  // Executes what is not yet, from the root up to this block.
  Standing settle(const base::Digest& hash);
  [[nodiscard]] bool executed(const base::Digest& hash) const;
  // Of the root or an executed block.
  [[nodiscard]] std::optional<ParentBlock> parent(const base::Digest& hash) const;
  [[nodiscard]] const Executed* result(const base::Digest& hash) const;

  // In this block and those between it and the root.
  [[nodiscard]] std::size_t ops_under_way(const base::Digest& hash) const;

  // The child of the root on the way to this executed block.
  [[nodiscard]] BlockPtr next_to_commit(const base::Digest& target) const;
  // A valid child of the root becomes the root; what does not stand on it is dropped.
  void commit(const base::Digest& hash);
  // The root is the block that was finalized in this view: others of views up to it are dead.
  void prune(const Epoch& epoch, View finalized);

  // The application's state is that of another block now: nothing above it is executed.
  void restart(const BlockPtr& block);

  [[nodiscard]] const ParentBlock& root() const { return root_; }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    BlockPtr block;
    std::optional<Executed> executed;
    std::optional<std::string> fault;  // of it or of an ancestor
  };

  [[nodiscard]] bool stands_on(const base::Digest& hash, const base::Digest& ancestor) const;
  // That block alone is as low as it is, so every executed one above stands on it.
  [[nodiscard]] bool is_only_child(const base::Digest& hash) const;
  void execute(Entry& entry);
  void drop(const base::Digest& hash);

  Application& application_;
  const Epochs& epochs_;
  const Options& options_;
  ParentBlock root_;
  std::map<base::Digest, Entry> entries_;  // above the root; no executed child without its parent
  std::set<std::pair<Height, base::Digest>> by_height_;  // the same
  std::deque<BlockPtr> recent_;                          // committed lately, newest last; bounded
};

}  // namespace consensus
