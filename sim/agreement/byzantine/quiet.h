// Liars by silence: they keep back some or all of what an honest validator would say.
#pragma once

#include "sim/agreement/byzantine/strategy.h"

#include <set>

namespace sim::agreement {

// B1: says nothing at all.
class Silent final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

// B9: helps at a few nodes, and is silent for ever from the loss of power on.
class Fickle final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

// B10: its proposals come when the others' timers are about to expire, or just after.
class LateLeader final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

// B11: bodies to few, and no answer to any question.
class Withholder final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

// B16: never a finalize vote.
class NeverFinalizes final : public Strategy {
 public:
  bool on_send(Villain& villain, std::uint32_t to, consensus::Message& message) override;
};

}  // namespace sim::agreement
