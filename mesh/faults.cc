#include "mesh/faults.h"

#include "base/check.h"
#include "mesh/routing/preference.h"

namespace mesh {

namespace {

constexpr std::string_view abort_words = "This answer is a fault that a policy injected.\n";

std::string_view type_of(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
  return json ? "application/json" : "text/plain; charset=utf-8";
}

}  // namespace

const FaultRule* fault_for(const std::vector<FaultRule>& rules, const Catalogue::Entry& agent,
                           std::string_view call, std::uint32_t attempt, const base::Rng& draws) {
  if (rules.empty()) return nullptr;
  const base::Rng of_attempt = draws.fork(call, attempt);
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const FaultRule& rule = rules[i];
    if (!rule.agent.empty() && !routing::is_named(agent, rule.agent)) continue;
    if (of_attempt.fork("rule", i).chance(rule.share)) return &rule;
  }
  return nullptr;
}

bool answers(const FaultRule& rule) {
  return rule.abort || rule.answer;
}

FabricateAnswer fabricated(const FaultRule& rule) {
  CHECK(answers(rule));
  FabricateAnswer out;
  out.status = rule.abort.value_or(200);
  out.body = rule.abort ? std::string(abort_words) : *rule.answer;
  out.headers = {{"content-type", std::string(type_of(out.body))}};
  return out;
}

std::string words_of(const FaultRule& rule) {
  std::string out = rule.delay > base::Duration::zero() ? "delay" : "";
  if (!answers(rule)) return out;
  if (!out.empty()) out += ", ";
  return out += rule.abort ? "abort" : "answer";
}

}  // namespace mesh
