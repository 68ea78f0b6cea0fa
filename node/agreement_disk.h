// Agreement's memory on disk: the ordered log and the archive of decisions, opened together and
// joined to the kernel's effects and inputs.
#pragma once

#include "base/ids.h"
#include "base/result.h"
#include "base/transition.h"
#include "node/driver.h"
#include "node/kernel/agreement.h"
#include "storage/archive.h"
#include "storage/file_error.h"
#include "storage/ordered_log.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace node {

class AgreementDisk {
 public:
  // Opens both in `directory`, and reads what they hold; the error is a line for people. Where the
  // log of what that key promised is lost or damaged, the key is spent: it never votes again.
  [[nodiscard]] static base::Result<std::unique_ptr<AgreementDisk>, std::string> open(
      asio::io_context& io, const std::string& directory, const base::NodeId& vote_key);
  AgreementDisk(const AgreementDisk&) = delete;
  AgreementDisk& operator=(const AgreementDisk&) = delete;

  void connect(Driver& driver) { driver_ = &driver; }
  // What the last run left, once; and what was wrong with it, "" = nothing.
  [[nodiscard]] kernel::StoredAgreement take_stored() { return std::move(stored_); }
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

  void carry_out(kernel::AppendLog&& effect);
  void carry_out(const kernel::SyncLog& effect) { log_->sync(effect.position); }
  void carry_out(kernel::RewriteLog&& effect);
  void carry_out(kernel::StoreDecisions&& effect);
  void carry_out(kernel::StoreState&& effect);
  void carry_out(kernel::KeepPiece&& effect);
  void carry_out(kernel::StoreEpoch&& effect);
  void carry_out(const kernel::SpendKey& effect);
  void carry_out(const kernel::ReadDecisions& effect);

  // The block of a decided op, those behind it up to one with a proof, and its place in the first;
  // no blocks if it is not there. `done` is posted.
  using Found =
      std::function<void(const std::vector<kernel::StoredDecision>& blocks, std::uint64_t index)>;
  void find_op(const base::Digest& id, Found done);

  // Blocks from there on, of a bounded size together; and the newest below a height, newest first.
  using Blocks = std::function<void(const std::vector<kernel::StoredDecision>& blocks)>;
  void read_range(std::uint64_t from_height, Blocks done);
  void read_newest(std::uint64_t below_height, std::size_t blocks_max, Blocks done);

  // Says when writing begins to fail, and when it goes through again; from then on.
  using Say = std::function<void(base::Severity severity, const std::string& text)>;
  // Gives up once if more than so many bytes of decisions wait for the disk: it took nothing of
  // them for long, and the others have them.
  using GiveUp = std::function<void()>;
  static constexpr std::size_t waiting_default = std::size_t{256} << 20U;
  void watch(Say say, GiveUp give_up, std::size_t waiting_max = waiting_default);
  void shut_down() { watch_timer_.cancel(); }

  // The last failure of either, "" = all is well.
  [[nodiscard]] std::string trouble() const;
  // Of the log alone: no vote leaves before it is there.
  [[nodiscard]] std::string log_trouble() const;

 private:
  AgreementDisk(asio::io_context& io, std::string directory)
      : io_(io), directory_(std::move(directory)), watch_timer_(io) {}
  // Where a damaged one is now; empty: there was none.
  [[nodiscard]] base::Result<std::filesystem::path, storage::FileError> open_log(
      const std::string& file);
  void look();
  // Of the trouble, for whoever runs this node.
  [[nodiscard]] std::string consequence() const;
  void mark_spent();

  asio::io_context& io_;
  const std::string directory_;
  asio::steady_timer watch_timer_;
  Say say_;
  GiveUp give_up_;  // null: did
  std::size_t waiting_max_ = waiting_default;
  std::string said_;  // of trouble(), last
  Driver* driver_ = nullptr;
  kernel::StoredAgreement stored_;
  std::string complaint_;
  bool log_full_ = false;
  std::optional<base::NodeId> spending_;  // is not marked yet
  std::string mark_trouble_;              // since that fails
  std::unique_ptr<storage::OrderedLog> log_;
  std::unique_ptr<storage::Archive> archive_;
};

}  // namespace node
