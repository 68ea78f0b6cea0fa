// Agreement's memory on disk: the ordered log and the archive of decisions, opened together and
// joined to the kernel's effects and inputs.
#pragma once

#include "base/result.h"
#include "node/driver.h"
#include "node/kernel/agreement.h"
#include "storage/archive.h"
#include "storage/ordered_log.h"

#include <asio/io_context.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace node {

class AgreementDisk {
 public:
  // Opens both in `directory`, and reads what they hold; the error is a line for people.
  [[nodiscard]] static base::Result<std::unique_ptr<AgreementDisk>, std::string> open(
      asio::io_context& io, const std::string& directory);
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
  void carry_out(const kernel::ReadDecisions& effect);

  // The block of a decided op, those behind it up to one with a proof, and its place in the first;
  // no blocks if it is not there. `done` is posted.
  using Found =
      std::function<void(const std::vector<kernel::StoredDecision>& blocks, std::uint64_t index)>;
  void find_op(const base::Digest& id, Found done);

  // The last failure of either, "" = all is well.
  [[nodiscard]] std::string trouble() const;

 private:
  explicit AgreementDisk(asio::io_context& io) : io_(io) {}

  asio::io_context& io_;
  Driver* driver_ = nullptr;
  kernel::StoredAgreement stored_;
  std::string complaint_;
  bool log_full_ = false;
  std::unique_ptr<storage::OrderedLog> log_;
  std::unique_ptr<storage::Archive> archive_;
};

}  // namespace node
