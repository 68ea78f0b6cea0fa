#include "node/agreement_disk.h"

#include "consensus/key_fate.h"
#include "storage/spent_keys.h"

#include <asio/post.hpp>

#include <chrono>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace node {

namespace {

// At once, for a stream of decisions.
constexpr std::size_t read_blocks_max = 64;
constexpr std::size_t read_bytes_max = std::size_t{128} * 1024;
constexpr base::Duration watch_period = std::chrono::seconds(1);

std::vector<kernel::StoredDecision> decisions_of(std::vector<storage::DecidedBlock> blocks) {
  std::vector<kernel::StoredDecision> out;
  out.reserve(blocks.size());
  for (storage::DecidedBlock& block : blocks) {
    out.push_back({.height = block.height,
                   .epoch = block.epoch,
                   .block = std::move(block.block),
                   .proof = std::move(block.proof),
                   .ops = {},
                   .events = std::move(block.events)});
  }
  return out;
}

// For the operator of a node that follows and does not vote.
std::string why_not(consensus::KeyFate::Why why, const std::string& file,
                    const std::filesystem::path& moved_to, const std::string& directory) {
  std::string text;
  switch (why) {
    case consensus::KeyFate::Why::votes:
      break;
    case consensus::KeyFate::Why::damaged:
      text = file + " is damaged, and is now " + moved_to.string();
      break;
    case consensus::KeyFate::Why::lost:
      text = file + " is gone, and this node's vote key has promised something";
      break;
    case consensus::KeyFate::Why::spent_before:
      text = directory + "/voter.spent lists the key of this node";
      break;
    case consensus::KeyFate::Why::replaced:
      text = directory + "/voter.begun lists another vote key after the one of this node";
      break;
  }
  return text +
         ": what it promised is not known any more, so this node follows and does not vote. Move "
         "voter.key away, start again, and have the committee list the new key (parley keygen, "
         "then parley propose committee --add)";
}

}  // namespace

base::Result<std::unique_ptr<AgreementDisk>, std::string> AgreementDisk::open(
    asio::io_context& io, const std::string& directory, const base::NodeId& vote_key) {
  std::unique_ptr<AgreementDisk> disk(new AgreementDisk(io, directory));
  AgreementDisk& self = *disk;
  const std::string file = directory + "/agreement.log";
  // Only read: what is done about it has an order.
  const auto found = storage::OrderedLog::read(file);
  if (!found) return base::Unexpected{found.error().text()};
  const bool damaged = found->content.ending == storage::LogEnding::damaged;
  const auto post = [&io](std::function<void()> run) { asio::post(io, std::move(run)); };
  auto archive = storage::Archive::open(directory, {}, post, [&self](std::uint64_t height) {
    if (self.driver_ != nullptr) self.driver_->feed(kernel::DecisionsStored{height});
  });
  if (!archive) return base::Unexpected{archive.error().text()};
  self.archive_ = std::move(*archive);
  auto archived = self.archive_->load();
  if (!archived) return base::Unexpected{archived.error().text()};
  self.stored_.epochs = std::move(archived->epochs);
  self.stored_.state = std::move(archived->state);
  self.stored_.pieces = std::move(archived->pieces);
  for (const storage::Gap& gap : archived->gaps) {
    self.stored_.passed_over.push_back({gap.first, gap.last});
  }
  using consensus::PromisesFound;
  const consensus::KeyFate fate =
      consensus::fate_of({.log = damaged         ? PromisesFound::Log::damaged
                                 : found->absent ? PromisesFound::Log::missing
                                                 : PromisesFound::Log::whole,
                          .begun = storage::has_begun(directory, vote_key),
                          .spent = storage::is_spent(directory, vote_key),
                          .decided = archived->newest.has_value(),
                          .others_marked = storage::lists_others(directory, vote_key),
                          .replaced = storage::was_replaced(directory, vote_key)});
  std::filesystem::path moved_to;
  const auto take = [&](consensus::KeyStep step) -> base::Result<void, storage::FileError> {
    if (step == consensus::KeyStep::mark_begun) return storage::mark_begun(directory, vote_key);
    if (step == consensus::KeyStep::mark_spent) return storage::mark_spent(directory, vote_key);
    auto opened = self.open_log(file);
    if (!opened) return base::Unexpected{opened.error()};
    moved_to = std::move(*opened);
    return {};
  };
  for (const consensus::KeyStep step : fate.steps) {
    if (const auto taken = take(step); !taken) return base::Unexpected{taken.error().text()};
  }
  if (!fate.votes()) {
    self.stored_.key_spent = true;
    self.complaint_ = why_not(fate.why, file, moved_to, directory);
  }
  if (archived->newest) {
    self.stored_.newest = kernel::StoredDecision{.height = archived->newest->height,
                                                 .epoch = archived->newest->epoch,
                                                 .block = std::move(archived->newest->block),
                                                 .proof = std::move(archived->newest->proof),
                                                 .ops = {},
                                                 .events = {}};
  }
  return disk;
}

base::Result<std::filesystem::path, storage::FileError> AgreementDisk::open_log(
    const std::string& file) {
  const auto post = [this](std::function<void()> run) { asio::post(io_, std::move(run)); };
  auto log = storage::OrderedLog::open(file, {}, post,
                                       [this](std::uint64_t position, base::Duration took) {
                                         if (driver_ != nullptr)
                                           driver_->feed(kernel::LogSynced{position, took});
                                       });
  if (!log) return base::Unexpected{log.error()};
  log_ = std::move(log->log);
  stored_.log = std::move(log->content.records);
  stored_.log_position = log->content.position;
  return std::move(log->moved_to);
}

void AgreementDisk::carry_out(kernel::AppendLog&& effect) {
  // Without its place in the log a vote never becomes durable, and so never leaves.
  if (log_full_ || !log_->append(effect.position, std::move(effect.record))) log_full_ = true;
}

void AgreementDisk::carry_out(kernel::RewriteLog&& effect) {
  log_->rewrite(std::move(effect.records), effect.position);
}

void AgreementDisk::carry_out(kernel::StoreDecisions&& effect) {
  std::vector<storage::DecidedBlock> blocks;
  blocks.reserve(effect.decisions.size());
  for (kernel::StoredDecision& decision : effect.decisions) {
    blocks.push_back({.height = decision.height,
                      .epoch = decision.epoch,
                      .block = std::move(decision.block),
                      .proof = std::move(decision.proof),
                      .ops = std::move(decision.ops),
                      .events = std::move(decision.events)});
  }
  archive_->commit(std::move(blocks), std::move(effect.changes));
}

void AgreementDisk::carry_out(kernel::StoreState&& effect) {
  kernel::StoredDecision& decision = effect.decision;
  std::optional<storage::Gap> gap;
  if (effect.passed_over) gap = storage::Gap{effect.passed_over->first, effect.passed_over->last};
  archive_->install({.height = decision.height,
                     .epoch = decision.epoch,
                     .block = std::move(decision.block),
                     .proof = std::move(decision.proof),
                     .ops = std::move(decision.ops),
                     .events = {}},
                    std::move(effect.documents), gap);
}

void AgreementDisk::carry_out(kernel::KeepPiece&& effect) {
  archive_->keep_piece(effect.index, std::move(effect.bytes));
}

void AgreementDisk::carry_out(kernel::StoreEpoch&& effect) {
  archive_->save_epoch(effect.number, std::move(effect.proof));
}

// Here and not on a thread of its own: once in the life of a key, and before anything else is done.
void AgreementDisk::carry_out(const kernel::SpendKey& effect) {
  spending_ = effect.vote_key;
  mark_spent();
}

// Until it went through.
void AgreementDisk::mark_spent() {
  if (!spending_) return;
  const auto marked = storage::mark_spent(directory_, *spending_);
  mark_trouble_ = marked ? std::string() : marked.error().text();
  if (marked) spending_.reset();
}

void AgreementDisk::carry_out(const kernel::ReadDecisions& effect) {
  archive_->read_range(
      effect.from_height, effect.blocks_max, effect.bytes_max,
      [this, request = effect.request](std::vector<storage::DecidedBlock> blocks) {
        if (driver_ == nullptr) return;
        driver_->feed(kernel::DecisionsRead{request, decisions_of(std::move(blocks))});
      });
}

void AgreementDisk::find_op(const base::Digest& id, Found done) {
  archive_->find_op(id, [done = std::move(done)](std::optional<storage::OpPlace> place) {
    if (!place) return done({}, 0);
    done(decisions_of(std::move(place->blocks)), place->index);
  });
}

void AgreementDisk::read_range(std::uint64_t from_height, Blocks done) {
  archive_->read_range(from_height, read_blocks_max, read_bytes_max,
                       [done = std::move(done)](std::vector<storage::DecidedBlock> blocks) {
                         done(decisions_of(std::move(blocks)));
                       });
}

void AgreementDisk::read_newest(std::uint64_t below_height, std::size_t blocks_max, Blocks done) {
  archive_->read_newest(below_height, blocks_max,
                        [done = std::move(done)](std::vector<storage::DecidedBlock> blocks) {
                          done(decisions_of(std::move(blocks)));
                        });
}

void AgreementDisk::watch(Say say, GiveUp give_up, std::size_t waiting_max) {
  say_ = std::move(say);
  give_up_ = std::move(give_up);
  waiting_max_ = waiting_max;
  look();
}

void AgreementDisk::look() {
  mark_spent();
  const std::string now = trouble();
  if (now != said_) {
    if (now.empty()) {
      say_(base::Severity::info, "agreement writes again");
    } else {
      say_(base::Severity::error, "agreement cannot write: " + now + "; " + consequence());
    }
  }
  said_ = now;
  const std::size_t waiting = archive_->health().waiting_bytes;
  if (waiting > waiting_max_ && give_up_) {
    say_(base::Severity::error, std::to_string(waiting) +
                                    " bytes of decisions wait for the disk of " + directory_ +
                                    ", more than a node may hold: this one ends. Make room, or see "
                                    "why the disk fails, and start it again");
    std::exchange(give_up_, nullptr)();
  }
  watch_timer_.expires_after(watch_period);
  watch_timer_.async_wait([this](const std::error_code& error) {
    if (!error) look();
  });
}

std::string AgreementDisk::trouble() const {
  if (!mark_trouble_.empty()) return mark_trouble_ + "; do not end this node before it could";
  if (std::string log = log_trouble(); !log.empty()) return log;
  const auto archive = archive_->health();
  return archive.healthy ? std::string() : archive.detail;
}

std::string AgreementDisk::consequence() const {
  if (spending_) return "its key is spent, and it votes no more";
  return log_trouble().empty() ? "this node still votes, and writes what was decided once it can"
                               : "this node votes no more until it can, and goes on by itself then";
}

std::string AgreementDisk::log_trouble() const {
  if (log_full_) return "the log of agreement waits for the disk with more than it may hold";
  const auto log = log_->health();
  return log.healthy ? std::string() : log.detail;
}

}  // namespace node
