#include "sim/byzantine/eclipser.h"

#include <algorithm>

namespace sim {

void Eclipser::on_turn(const Position& /*position*/, Acts& /*acts*/) {}

void Eclipser::on_answer(const Position& position, gossip::Reply& reply) {
  const auto is_stranger = [&](const gossip::SignedRecord& record) {
    return std::find(position.friends.begin(), position.friends.end(), record.record.subject) ==
           position.friends.end();
  };
  if (auto* welcome = std::get_if<gossip::Welcome>(&reply)) {
    std::erase_if(welcome->records, is_stranger);
    welcome->accusations.clear();
    welcome->more = false;
  }
  if (auto* items = std::get_if<gossip::Items>(&reply)) {
    std::erase_if(items->records, is_stranger);
    items->accusations.clear();
  }
  if (auto* summary = std::get_if<gossip::Summary>(&reply)) *summary = {};
}

}  // namespace sim
