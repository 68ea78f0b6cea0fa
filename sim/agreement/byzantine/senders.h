// Liars by messages that no honest node sends: old ones, far ones, forged ones, wrong answers.
#pragma once

#include "sim/agreement/byzantine/strategy.h"

#include <cstdint>
#include <deque>

namespace sim::agreement {

// B18: what it heard minutes ago, to anybody.
class StaleReplayer final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;

 private:
  std::deque<consensus::Message> heard_;
};

// B19: views and epochs that nobody will ever reach.
class FarFuture final : public Strategy {
 public:
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;
};

// B20: wrong bits, too few signers, one bad signature among good ones, another block.
class Forger final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
  void on_receive(Villain& villain, std::uint32_t from, const consensus::Message& message) override;
};

// B22: claims that it cannot prove.
class LyingStatus final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

// B23: late, wrong and partial answers.
class BadAnswers final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

}  // namespace sim::agreement
