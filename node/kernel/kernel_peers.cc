// Questions between nodes over links, and their answers.
#include "node/kernel/kernel.h"
#include "wire/packet_codec.h"

#include <utility>

namespace kernel {

namespace {

constexpr double questions_per_second = 20;     // of a member
constexpr std::uint32_t questions_burst = 200;  // one joins a large mesh, page by page

}  // namespace

// Before anything is read: a question may have 1 MiB, and ask for a thousand signatures.
bool Kernel::may_ask(const base::NodeId& peer, bool member) {
  if (!member) return strangers_.take(now_);
  std::optional<base::PermitRate>& rate = questions_.use(peer);
  if (!rate) rate.emplace(questions_per_second, questions_burst);
  return rate->take(now_);
}

void Kernel::on(DatagramReceived&& input) {
  membership_.on_waited(input.waited, now_);  // also if it is garbage: the queue is one
  auto opened = gate_->open(input.from, input.datagram, now_);
  if (!opened || !welcomes(opened->sender)) return;  // the former is counted there
  auto packet = wire::decode_packet(opened->plaintext);
  if (!packet) return count_undecodable();
  membership_.on_packet(opened->sender, input.from, *std::move(packet), now_, gossip_effects_);
}

void Kernel::on(PeerAsked&& input) {
  if (!welcomes(input.from)) return on_knock(std::move(input));
  const bool member = membership_.find(input.from) != nullptr;
  if (!may_ask(input.from, member)) return refuse(std::move(input));
  auto question = wire::decode_question(input.body);
  if (!question) {
    answers_.emplace_back(AnswerPeer{input.question, {}});
    return count_undecodable();
  }
  if (!member && !std::holds_alternative<gossip::Join>(*question)) {
    const base::NodeId from = input.from;
    Newcomers::Request request = std::move(input);
    if (!newcomers_.hold(from, request, now_)) refuse(std::move(request));
    return;
  }
  membership_.on_question(input.question, input.from, input.at, std::move(question).value(), now_,
                          gossip_effects_);
}

void Kernel::on(PeerAnswered&& input) {
  if (input.request == knock_request) return;  // what comes of a knock is seen in who talks to us
  auto reply = wire::decode_reply(input.body);
  if (!reply) {
    count_undecodable();
    return on(PeerFailed{.request = input.request, .failure = PeerFailure::refused});
  }
  membership_.on_reply(input.request, input.peer, std::move(reply).value(), now_, gossip_effects_);
}

void Kernel::on(PeerFailed&& input) {
  if (input.request == knock_request) return;
  membership_.on_ask_failed(input.request, now_, gossip_effects_);
}

void Kernel::on(LinkLost&& input) {
  membership_.on_link_lost(input.peer, now_, gossip_effects_);
}

void Kernel::take_answers(Effects& effects) {
  for (Effect& answer : answers_) effects.push_back(std::move(answer));
  answers_.clear();
}

}  // namespace kernel
