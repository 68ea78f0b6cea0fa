#include "sim/checkers/calls.h"

#include "sim/trace.h"

namespace sim {

void CallsChecker::on_call(const CallIssued& issued) {
  open_calls_.emplace(issued.call, issued);
}

void CallsChecker::on_call_ended(const CallEnded& ended) {
  if (!ended_calls_.insert(ended.call).second) {
    violate(ended.at, "call " + std::to_string(ended.call) + " was answered twice");
  } else if (open_calls_.erase(ended.call) == 0) {
    violate(ended.at, "call " + std::to_string(ended.call) + " was answered but never made");
  }
}

void CallsChecker::on_exchange(const ExchangeOpened& opened) {
  open_exchanges_.emplace(std::pair(opened.node, opened.exchange), opened.at);
}

void CallsChecker::on_exchange_ended(const ExchangeEnded& ended) {
  if (open_exchanges_.erase({ended.node, ended.exchange}) > 0) return;
  violate(ended.at, "exchange " + std::to_string(ended.exchange) + " of n" +
                        std::to_string(ended.node) + " settled twice or was never opened");
}

void CallsChecker::on_stopped(const NodeStopped& stopped) {
  if (!stopped.crashed) {
    for (auto open = open_exchanges_.lower_bound({stopped.node, 0});
         open != open_exchanges_.end() && open->first.first == stopped.node; ++open) {
      violate(stopped.at, "n" + std::to_string(stopped.node) + " ended its drain with exchange " +
                              std::to_string(open->first.second) + " unsettled");
    }
  }
  open_exchanges_.erase(open_exchanges_.lower_bound({stopped.node, 0}),
                        open_exchanges_.lower_bound({stopped.node + 1, 0}));
}

void CallsChecker::on_second(base::Duration at) {
  for (auto entry = open_calls_.begin(); entry != open_calls_.end();) {
    const CallIssued& call = entry->second;
    const base::Duration late = at - call.at - call.deadline;
    if (late < slack || truth().calm_for(call.node, at) < call.deadline + late) {
      ++entry;
      continue;
    }
    violate(at, "call " + std::to_string(call.call) + " of n" + std::to_string(call.node) +
                    " has no answer " + seconds_text(late) + " after its deadline");
    entry = open_calls_.erase(entry);
  }
}

void CallsChecker::on_end(base::Duration at) {
  for (const auto& [call, issued] : open_calls_) {
    violate(at, "call " + std::to_string(call) + " of n" + std::to_string(issued.node) +
                    " never ended");
  }
  for (const auto& [key, since] : open_exchanges_) {
    violate(at, "exchange " + std::to_string(key.second) + " of n" + std::to_string(key.first) +
                    " never settled");
  }
}

}  // namespace sim
