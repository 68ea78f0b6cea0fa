#include "consensus/outbox.h"

#include <algorithm>
#include <utility>

namespace consensus {

namespace {

bool kept_by(Weakness weakness, const Record& record) {
  if (weakness == Weakness::certificates_not_kept) {
    return !std::holds_alternative<Certificate>(record);
  }
  if (weakness == Weakness::guard_forgets) return !std::holds_alternative<OwnVote>(record);
  return true;
}

}  // namespace

void Outbox::end_replay(LogPosition position) {
  replaying_ = false;
  position_ = position;
  asked_ = position;
  durable_ = position;
}

LogPosition Outbox::append(Record record, Effects& effects) {
  if (replaying_ || !kept_by(options_.weakness, record)) return position_;
  ++position_;
  effects.push_back(Append{.record = std::move(record), .position = position_});
  return position_;
}

void Outbox::send(const base::NodeId& to, Message message, Effects& effects) {
  if (!replaying_) effects.push_back(Send{.to = to, .message = std::move(message)});
}

void Outbox::broadcast(Message message, Effects& effects) {
  if (!replaying_) effects.push_back(Broadcast{.message = std::move(message)});
}

void Outbox::broadcast_when_durable(Message message, Effects& effects) {
  if (replaying_) return;
  if (options_.weakness == Weakness::vote_before_durable) {
    effects.push_back(Broadcast{.message = message});
  }
  held_.push_back({.position = position_, .message = std::move(message)});
}

void Outbox::flush(Effects& effects) {
  if (held_.empty()) return;
  const bool asked = asked_ >= held_.back().position;
  if (asked && asked_ > durable_) return;
  asked_ = held_.back().position;
  effects.push_back(Sync{.position = asked_});
}

std::vector<Message> Outbox::on_durable(LogPosition position, Effects& effects) {
  durable_ = std::max(durable_, std::min(position, position_));
  std::vector<Message> released;
  while (!held_.empty() && held_.front().position <= durable_) {
    if (options_.weakness != Weakness::vote_before_durable) {
      effects.push_back(Broadcast{.message = held_.front().message});
    }
    released.push_back(std::move(held_.front().message));
    held_.pop_front();
  }
  return released;
}

}  // namespace consensus
