// The smallest application for tests: a notebook of distinct lines. A line that begins with '!' can
// never be written; "members 0 1 2 3" ends the epoch with that committee.
#pragma once

#include "base/bytes.h"
#include "consensus/application.h"
#include "crypto/digest.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace consensus {

class Notebook final : public Application {
 public:
  struct State {
    Committed at;
    std::set<std::string> lines;
  };

  Notebook(const std::vector<Validator>& everybody, State state)
      : everybody_(everybody), committed_(std::move(state)) {}

  std::optional<OpSummary> summarize(base::ByteView op) const override {
    if (op.empty()) return std::nullopt;
    OpSummary summary;
    summary.id = crypto::digest(op);
    summary.author.bytes[0] = op.front();
    return summary;
  }
  void append_checks(base::ByteView, std::vector<crypto::SignatureCheck>&) const override {}
  bool eligible(const BlockContext& at, base::ByteView op) const override {
    State state = of(at.parent);
    std::optional<NextEpoch> next;
    return write(state, op, next);
  }
  Selected select(const BlockContext& at, std::span<const base::ByteView> candidates) override {
    State state = of(at.parent);
    Selected selected;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (selected.executed.next_epoch) break;
      if (write(state, candidates[i], selected.executed.next_epoch)) selected.taken.push_back(i);
    }
    selected.executed.state_root = state.at.state_root;
    return selected;
  }
  base::Result<Executed, Rejected> execute(const base::Digest& block, const BlockContext& at,
                                           std::span<const base::Bytes> ops) override {
    State state = of(at.parent);
    Executed executed;
    for (const base::Bytes& op : ops) {
      if (!write(state, op, executed.next_epoch)) return base::Unexpected{Rejected{"bad line"}};
    }
    executed.state_root = state.at.state_root;
    state.at.block = block;
    state.at.height = at.height;
    state.at.timestamp_ms = at.timestamp_ms;
    overlays_.insert_or_assign(block, std::move(state));
    return executed;
  }
  void commit(const base::Digest& block) override {
    committed_ = overlays_.at(block);
    overlays_.erase(block);
  }
  void discard(const base::Digest& block) override { overlays_.erase(block); }
  Committed committed() const override { return committed_.at; }
  std::unique_ptr<StateImage> image() const override {
    return std::make_unique<Image>(committed_.lines);
  }
  std::unique_ptr<StateIntake> begin_intake(const base::Digest& root, base::ByteView manifest,
                                            std::unique_ptr<StateIntake> earlier) override {
    if (crypto::digest(manifest) != root) return nullptr;
    auto intake = std::make_unique<Intake>(manifest);
    if (earlier) {
      const auto& before = dynamic_cast<const Intake&>(*earlier);
      for (std::size_t i = 0; i < before.lines.size(); ++i) {
        const auto at =
            std::find(intake->digests.begin(), intake->digests.end(), before.digests[i]);
        if (at == intake->digests.end()) continue;
        intake->lines[static_cast<std::size_t>(at - intake->digests.begin())] = before.lines[i];
      }
    }
    return intake;
  }
  void install(std::unique_ptr<StateIntake> intake, const Committed& at) override {
    committed_ = {.at = at, .lines = {}};
    for (const auto& line : dynamic_cast<const Intake&>(*intake).lines) {
      committed_.lines.insert(*line);
    }
    overlays_.clear();
  }
  const State& state() const { return committed_; }
  bool holds(const std::string& line) const { return committed_.lines.contains(line); }

 private:
  // A line of the notebook is a piece of it.
  static base::Bytes manifest_of(const std::set<std::string>& lines) {
    base::Bytes out;
    for (const std::string& line : lines) {
      const base::Digest digest = crypto::digest(base::as_bytes(line));
      out.insert(out.end(), digest.bytes.begin(), digest.bytes.end());
    }
    return out;
  }
  class Image final : public StateImage {
   public:
    explicit Image(std::set<std::string> lines) : lines_(std::move(lines)) {}
    base::Bytes manifest() const override { return manifest_of(lines_); }
    base::Bytes piece(PieceIndex index) const override {
      if (index >= lines_.size()) return {};
      return base::to_bytes(*std::next(lines_.begin(), static_cast<std::ptrdiff_t>(index)));
    }

   private:
    std::set<std::string> lines_;
  };
  class Intake final : public StateIntake {
   public:
    explicit Intake(base::ByteView manifest) : lines(manifest.size() / base::Digest::size) {
      for (std::size_t i = 0; i < lines.size(); ++i) {
        digests.push_back(
            *base::Digest::from_view(manifest.subspan(i * base::Digest::size, base::Digest::size)));
      }
    }
    bool on_piece(PieceIndex index, base::ByteView bytes) override {
      if (index >= lines.size() || crypto::digest(bytes) != digests[index]) return false;
      lines[index] = std::string(base::as_text(bytes));
      return true;
    }
    std::vector<PieceIndex> missing(std::size_t max) const override {
      std::vector<PieceIndex> out;
      for (PieceIndex i = 0; i < lines.size() && out.size() < max; ++i) {
        if (!lines[i]) out.push_back(i);
      }
      return out;
    }
    std::vector<base::Digest> digests;
    std::vector<std::optional<std::string>> lines;
  };

  const State& of(const base::Digest& block) const {
    return block == committed_.at.block ? committed_ : overlays_.at(block);
  }
  bool write(State& state, base::ByteView op, std::optional<NextEpoch>& next) const {
    const std::string line(base::as_text(op));
    if (line.starts_with('!') || next || !state.lines.insert(line).second) return false;
    state.at.state_root = crypto::digest(manifest_of(state.lines));
    if (!line.starts_with("members ")) return true;
    std::istringstream words(line.substr(8));
    std::vector<Validator> members;
    for (std::size_t index = 0; words >> index;) members.push_back(everybody_.at(index));
    next = NextEpoch{.committee = *Committee::of(std::move(members)), .parameters = {}};
    return true;
  }

  const std::vector<Validator>& everybody_;
  State committed_;
  std::map<base::Digest, State> overlays_;
};

}  // namespace consensus
