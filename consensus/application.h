// What agreement decides about, as far as it has to know: ops are bytes with an id, and the state
// that they change is behind this interface. The kernel joins it to the ledger; tests and the
// simulator have small ones of their own.
//
// States are named by the hash of the block that led to them. The committed state is the last one;
// above it stands a tree of overlays, one for each block that was executed and is not decided yet.
// All of it must be a pure function of the parent's state, the context and the ops: integers and
// ordered containers only, no clock, no configuration (CONSENSUS 3.8). The same function serves the
// proposer, who selects, and everybody else, who checks.
#pragma once

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "consensus/committee.h"
#include "consensus/state_transfer.h"
#include "crypto/verified.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace consensus {

// Served in this order when a block has not room for all.
enum class OpClass : std::uint8_t { governance, membership, traffic, application };

// What the mempool goes by. Read from the op's own bytes, so it may be wrong until it is checked.
struct OpSummary {
  base::Digest id;
  base::NodeId author;
  std::uint64_t sequence = 0;  // ops of one author are proposed in this order; gaps are allowed
  std::uint64_t not_after_ms = 0;
  OpClass op_class = OpClass::application;
};

// Rules that hold for a whole epoch; they change at its end only. Hashed into the epoch's id.
struct Parameters {
  std::uint16_t version = 1;
  std::uint32_t block_bytes_max = 256 * 1024;
  std::uint32_t block_ops_max = 1024;
  bool operator==(const Parameters&) const = default;
};

// Where a block stands.
struct BlockContext {
  base::Digest parent;  // names the state that it is executed on
  base::Digest epoch_id;
  std::uint64_t epoch = 0;
  std::uint64_t height = 0;
  std::uint64_t timestamp_ms = 0;  // of the block: the only time that execution knows
  bool tail = false;               // behind a seal: no ops, and must change nothing at all
};

// The block ends the epoch: who agrees, and by which rules, from then on.
struct NextEpoch {
  Committee committee;
  Parameters parameters;
  bool operator==(const NextEpoch&) const = default;
};

struct Executed {
  base::Digest state_root;
  std::optional<NextEpoch> next_epoch;  // only the last op of a block may bring it about
};

// Why a block or an op can never be valid there; for people.
struct Rejected {
  std::string reason;
};

// What a proposer puts into its block.
struct Selected {
  std::vector<std::size_t> taken;  // indices of the candidates, in the order of the block
  Executed executed;               // what they lead to
};

class Application {
 public:
  // The state that everything above is built on, after a restart too.
  struct Committed {
    base::Digest block;        // at the start of a mesh: the mesh id's bytes
    std::uint64_t height = 0;  // at the start: 0
    std::uint64_t timestamp_ms = 0;
    base::Digest state_root;
  };

  Application() = default;
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  virtual ~Application() = default;

  // ---- ops: pure functions of their bytes ----

  // Nothing if the bytes are no op. The id covers all that the author signed.
  [[nodiscard]] virtual std::optional<OpSummary> summarize(base::ByteView op) const = 0;
  // As the summary says it, of bytes that are an op; of others whatever it likes.
  [[nodiscard]] virtual std::optional<base::Digest> id_of(base::ByteView op) const {
    const auto summary = summarize(op);
    return summary ? std::optional(summary->id) : std::nullopt;
  }
  // Appends the signatures that must hold, whatever the state: the author's, and those inside it.
  // Consensus has them checked before the op enters the mempool, and before a block that carries it
  // is executed, unless a quorum vouches for the block already.
  virtual void append_checks(base::ByteView op,
                             std::vector<crypto::SignatureCheck>& checks) const = 0;

  // ---- the committed state in pieces ----

  // Of the committed state; null: this application hands none over.
  [[nodiscard]] virtual std::unique_ptr<StateImage> image() const { return nullptr; }
  // Null: the manifest does not give that root. What the committed state and an `earlier` intake
  // (it may be null) have of it is not missing.
  [[nodiscard]] virtual std::unique_ptr<StateIntake> begin_intake(
      const base::Digest& root, base::ByteView manifest, std::unique_ptr<StateIntake> earlier) {
    static_cast<void>(root);
    static_cast<void>(manifest);
    static_cast<void>(earlier);
    return nullptr;
  }
  // Of which nothing is missing: it becomes the committed state, and all overlays are gone.
  virtual void install(std::unique_ptr<StateIntake> intake, const Committed& at) {
    static_cast<void>(intake);
    static_cast<void>(at);
  }

  // ---- states ----

  // Whether execute() would accept a block there that holds only this op (R9).
  [[nodiscard]] virtual bool eligible(const BlockContext& at, base::ByteView op) const = 0;
  // Takes those of the candidates, in their order, that can stand one behind the other; of ops that
  // end the epoch at most one, as the last. The candidates together fit into a block.
  [[nodiscard]] virtual Selected select(const BlockContext& at,
                                        std::span<const base::ByteView> candidates) = 0;
  // Executes a block on its parent's state and keeps what it leads to under the block's hash.
  // Nothing is kept of a block that is rejected. The parent is the committed block or was executed.
  [[nodiscard]] virtual base::Result<Executed, Rejected> execute(
      const base::Digest& block, const BlockContext& at, std::span<const base::Bytes> ops) = 0;
  // The block is decided: its overlay becomes the committed state. It was executed, and its parent
  // is the committed block.
  virtual void commit(const base::Digest& block) = 0;
  // The block will not be decided; no overlay stands on it any more.
  virtual void discard(const base::Digest& block) = 0;
  [[nodiscard]] virtual Committed committed() const = 0;
};

}  // namespace consensus
