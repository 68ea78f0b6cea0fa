#include "sim/scenario.h"

#include "base/strings.h"
#include "sim/scenario_calls.h"
#include "sim/scenario_words.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace sim {

namespace {

using namespace std::string_view_literals;

template <class Kind, std::size_t N>
using Names = std::array<std::pair<Kind, std::string_view>, N>;

constexpr Names<Profile, 5> profile_names{{{Profile::calm, "calm"},
                                           {Profile::gossip, "gossip"},
                                           {Profile::calls, "calls"},
                                           {Profile::decisions, "decisions"},
                                           {Profile::all, "all"}}};

constexpr Names<FaultKind, 28> fault_names{{{FaultKind::late_start, "late_start"},
                                            {FaultKind::crash, "crash"},
                                            {FaultKind::pause, "pause"},
                                            {FaultKind::starve, "starve"},
                                            {FaultKind::partition, "partition"},
                                            {FaultKind::islands, "islands"},
                                            {FaultKind::one_way, "one_way"},
                                            {FaultKind::loss, "loss"},
                                            {FaultKind::duplicate, "duplicate"},
                                            {FaultKind::latency, "latency"},
                                            {FaultKind::clog, "clog"},
                                            {FaultKind::throttle, "throttle"},
                                            {FaultKind::bit_rot, "bit_rot"},
                                            {FaultKind::clock_jump, "clock_jump"},
                                            {FaultKind::disk_full, "disk_full"},
                                            {FaultKind::disk_slow, "disk_slow"},
                                            {FaultKind::leave, "leave"},
                                            {FaultKind::drain, "drain"},
                                            {FaultKind::move, "move"},
                                            {FaultKind::agent_down, "agent_down"},
                                            {FaultKind::agent_slow, "agent_slow"},
                                            {FaultKind::agent_flaky, "agent_flaky"},
                                            {FaultKind::agent_full, "agent_full"},
                                            {FaultKind::lose_log, "lose_log"},
                                            {FaultKind::new_key, "new_key"},
                                            {FaultKind::restore, "restore"},
                                            {FaultKind::evict, "evict"},
                                            {FaultKind::reconfigure, "reconfigure"}}};

constexpr Names<AdversaryKind, 7> adversary_names{
    {{AdversaryKind::forger, "forger"},
     {AdversaryKind::replayer, "replayer"},
     {AdversaryKind::false_accuser, "false_accuser"},
     {AdversaryKind::flooder, "flooder"},
     {AdversaryKind::eclipser, "eclipser"},
     {AdversaryKind::load_liar, "load_liar"},
     {AdversaryKind::observation_liar, "observation_liar"}}};

template <class Kind, std::size_t N>
std::string_view name_of(const Names<Kind, N>& names, Kind kind) {
  const auto* const found = std::find_if(names.begin(), names.end(),
                                         [&](const auto& entry) { return entry.first == kind; });
  return found == names.end() ? "unknown"sv : found->second;
}

template <class Kind, std::size_t N>
std::optional<Kind> kind_of(const Names<Kind, N>& names, std::string_view name) {
  for (const auto& [kind, word] : names) {
    if (word == name) return kind;
  }
  return std::nullopt;
}

// ---- writing ----

std::string fault_text(const Fault& fault) {
  std::string text = "at " + text_of(fault.at) + " " + std::string(to_string(fault.kind));
  if (!fault.nodes.empty()) text += " nodes " + text_of(fault.nodes);
  if (!fault.towards.empty()) text += " towards " + text_of(fault.towards);
  if (fault.lasts != base::Duration::zero()) text += " for " + text_of(fault.lasts);
  if (fault.amount != 0) text += " amount " + std::to_string(fault.amount);
  return text + "\n";
}

// What is not as usual, so that short scenarios stay short.
std::string further_text(const Workload& workload) {
  std::string text;
  const auto add = [&](std::string_view name, std::uint32_t value, std::uint32_t usual) {
    if (value != usual) text += " " + std::string(name) + " " + std::to_string(value);
  };
  add("callers", workload.callers, 0);
  add("depth", workload.depth, 1);
  add("hard", workload.hard, 0);
  add("misjudged", workload.misjudged, 0);
  add("low", workload.low, 0);
  if (workload.defers) text += " defers";
  return text;
}

std::string deciding_text(const Deciding& deciding) {
  if (deciding.validators.empty()) return {};
  std::string text = "validators " + text_of(deciding.validators);
  if (deciding.by_invitation) text += " admission invitation";
  if (deciding.snapshot_after > 0) {
    text += " snapshot_after " + std::to_string(deciding.snapshot_after);
  }
  text += "\nproposals " + std::to_string(deciding.proposals);
  if (deciding.first_proposal > 0) text += " after " + std::to_string(deciding.first_proposal);
  text += " from " + text_of(deciding.starts) + " every " + text_of(deciding.gap);
  return text + "\n";
}

// ---- reading ----

Fault read_fault(Words& words) {
  Fault fault;
  fault.at = words.duration();
  const std::string_view name = words.word("a kind of fault");
  const auto kind = kind_of(fault_names, name);
  if (!kind) words.complain("unknown fault '" + std::string(name) + "'");
  fault.kind = kind.value_or(FaultKind::crash);
  while (words.more()) {
    const std::string_view key = words.word("a key");
    if (key == "nodes") {
      fault.nodes = words.nodes();
    } else if (key == "towards") {
      fault.towards = words.nodes();
    } else if (key == "for") {
      fault.lasts = words.duration();
    } else if (key == "amount") {
      fault.amount = words.signed_number();
    } else {
      words.complain("unknown word '" + std::string(key) + "'");
    }
  }
  return fault;
}

AdversaryChoice read_adversary(Words& words) {
  AdversaryChoice adversary;
  const std::string_view name = words.word("a kind of adversary");
  const auto kind = kind_of(adversary_names, name);
  if (!kind) words.complain("unknown adversary '" + std::string(name) + "'");
  adversary.kind = kind.value_or(AdversaryKind::forger);
  words.keyword("nodes");
  adversary.nodes = words.nodes();
  words.keyword("at");
  adversary.at = words.duration();
  return adversary;
}

void read_calls(Words& words, Workload& workload) {
  workload.calls = words.number32(million);
  while (words.more()) {
    const std::string_view key = words.word("a key");
    if (key == "after") {
      workload.first_call = words.number32(million);
    } else if (key == "from") {
      workload.starts = words.duration();
    } else if (key == "every") {
      workload.gap = words.duration();
    } else if (key == "capabilities") {
      workload.capabilities = words.number32(1000);
    } else if (key == "providers") {
      workload.providers = words.number32(1000);
    } else if (key == "idempotent") {
      workload.idempotent = words.number32(million);
    } else if (key == "deadline") {
      workload.deadline = words.duration();
    } else if (key == "callers") {
      workload.callers = words.number32(Scenario::nodes_max);
    } else if (key == "depth") {
      workload.depth = words.number32(1000);
    } else if (key == "hard") {
      workload.hard = words.number32(million);
    } else if (key == "misjudged") {
      workload.misjudged = words.number32(million);
    } else if (key == "low") {
      workload.low = words.number32(million);
    } else if (key == "defers") {
      workload.defers = true;
    } else {
      words.complain("unknown word '" + std::string(key) + "'");
    }
  }
}

void read_validators(Words& words, Deciding& deciding) {
  deciding.validators = words.nodes();
  std::sort(deciding.validators.begin(), deciding.validators.end());
  while (words.more()) {
    const std::string_view key = words.word("a key");
    if (key == "admission") {
      words.keyword("invitation");
      deciding.by_invitation = true;
    } else if (key == "snapshot_after") {
      deciding.snapshot_after = words.number32(million);
    } else {
      words.complain("unknown word '" + std::string(key) + "'");
    }
  }
}

LyingChoice read_lies(Words& words) {
  LyingChoice lying;
  words.keyword("nodes");
  lying.nodes = words.nodes();
  words.keyword("ways");
  for (const std::string_view name : base::split(words.word("ways to lie"), ',')) {
    const auto way = agreement::parse_villainy(name);
    if (!way) {
      words.complain("unknown way to lie '" + std::string(name) + "'");
      return lying;
    }
    lying.ways.push_back(*way);
  }
  return lying;
}

std::string lies_text(const LyingChoice& lying) {
  std::string ways;
  for (const agreement::Villainy way : lying.ways) {
    if (!ways.empty()) ways += ',';
    ways += to_string(way);
  }
  return "lies nodes " + text_of(lying.nodes) + " ways " + ways + "\n";
}

void read_proposals(Words& words, Deciding& deciding) {
  deciding.proposals = words.number32(million);
  while (words.more()) {
    const std::string_view key = words.word("a key");
    if (key == "after") {
      deciding.first_proposal = words.number32(million);
    } else if (key == "from") {
      deciding.starts = words.duration();
    } else if (key == "every") {
      deciding.gap = words.duration();
    } else {
      words.complain("unknown word '" + std::string(key) + "'");
    }
  }
}

void read_statement(std::string_view key, Words& words, Scenario& scenario) {
  if (key == "parley-scenario") {
    words.number(1);
  } else if (key == "seed") {
    scenario.seed = words.number(UINT64_MAX);
  } else if (key == "nodes") {
    scenario.nodes = words.number32(Scenario::nodes_max);
  } else if (key == "seeds") {
    scenario.seeds = words.number32(Scenario::nodes_max);
  } else if (key == "join_gap") {
    scenario.join_gap = words.duration();
  } else if (key == "latency") {
    scenario.latency_min = words.duration();
    words.keyword("to");
    scenario.latency_max = words.duration();
  } else if (key == "loss") {
    scenario.loss = words.number32(million);
  } else if (key == "duplicate") {
    scenario.duplicate = words.number32(million);
  } else if (key == "heavy_tail") {
    scenario.heavy_tail = words.number32(million);
  } else if (key == "drift_max") {
    scenario.drift_max = words.number32(million / 10);
  } else if (key == "clock_offset_max") {
    scenario.clock_offset_max = words.duration();
  } else if (key == "hashed_pair_keys") {
    scenario.hashed_pair_keys = words.number(1) == 1;
  } else if (key == "calls") {
    read_calls(words, scenario.workload);
  } else if (key == "validators") {
    read_validators(words, scenario.deciding);
  } else if (key == "proposals") {
    read_proposals(words, scenario.deciding);
  } else if (key == "agent") {
    scenario.agents.push_back(read_agent(words));
  } else if (key == "policy") {
    scenario.policies.push_back(read_policy(words));
  } else if (key == "adversary") {
    scenario.adversaries.push_back(read_adversary(words));
  } else if (key == "lies") {
    scenario.liars.push_back(read_lies(words));
  } else if (key == "choices") {
    scenario.choices = words.bytes(Scenario::choices_max);
  } else if (key == "at") {
    scenario.faults.push_back(read_fault(words));
  } else if (key == "chaos_ends") {
    scenario.chaos_ends = words.duration();
  } else if (key == "patience") {
    scenario.patience = words.duration();
  } else {
    words.complain("unknown statement '" + std::string(key) + "'");
  }
}

// What the parts are right one by one but do not fit each other.
std::string misfit(const Scenario& scenario) {
  if (scenario.nodes == 0) return "a scenario has at least one node";
  if (scenario.seeds == 0 || scenario.seeds > scenario.nodes) return "seeds is 1 up to nodes";
  if (scenario.latency_max < scenario.latency_min) return "latency ends before it begins";
  if (scenario.faults.size() > Scenario::faults_max) return "too many faults";
  const auto outside = [&](NodeIndex node) { return node >= scenario.nodes; };
  for (const Fault& fault : scenario.faults) {
    if (fault.kind == FaultKind::throttle && fault.amount <= 0) {
      return "a throttle lets something pass";
    }
    if (std::any_of(fault.nodes.begin(), fault.nodes.end(), outside) ||
        std::any_of(fault.towards.begin(), fault.towards.end(), outside)) {
      return "a fault names a node that does not exist";
    }
  }
  for (const AgentTraits& agent : scenario.agents) {
    if (std::any_of(agent.nodes.begin(), agent.nodes.end(), outside)) {
      return "an agent is beside a node that does not exist";
    }
  }
  const std::vector<NodeIndex>& validators = scenario.deciding.validators;
  if (std::any_of(validators.begin(), validators.end(), outside)) {
    return "a validator is a node that does not exist";
  }
  if (std::adjacent_find(validators.begin(), validators.end()) != validators.end()) {
    return "a validator is named twice";
  }
  if (validators.size() > 64) return "a committee has at most 64 validators";
  if (validators.empty() && scenario.deciding != Deciding{}) {
    return "without validators nothing is proposed";
  }
  if (scenario.workload.callers > scenario.nodes) return "there are fewer nodes than callers";
  for (const LyingChoice& lying : scenario.liars) {
    if (std::any_of(lying.nodes.begin(), lying.nodes.end(), outside)) {
      return "a liar is a node that does not exist";
    }
  }
  for (const AdversaryChoice& adversary : scenario.adversaries) {
    if (std::any_of(adversary.nodes.begin(), adversary.nodes.end(), outside)) {
      return "an adversary is a node that does not exist";
    }
  }
  return {};
}

}  // namespace

std::string_view to_string(Profile profile) {
  return name_of(profile_names, profile);
}
std::optional<Profile> parse_profile(std::string_view name) {
  return kind_of(profile_names, name);
}
std::string_view to_string(FaultKind kind) {
  return name_of(fault_names, kind);
}
std::string_view to_string(AdversaryKind kind) {
  return name_of(adversary_names, kind);
}

base::Result<Scenario, Scenario::ParseError> Scenario::parse(std::string_view text) {
  Scenario scenario;
  std::uint32_t number = 0;
  bool first = true;
  for (std::string_view line : base::split(text, '\n')) {
    ++number;
    line = base::trim(line.substr(0, line.find('#')));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) continue;
    Words words(line);
    const std::string_view key = words.word("a statement");
    if (first && key != "parley-scenario") {
      return base::Unexpected{ParseError{number, "does not begin with 'parley-scenario 1'"}};
    }
    first = false;
    read_statement(key, words, scenario);
    if (words.more()) words.complain("more words than expected");
    if (!words.problem().empty()) return base::Unexpected{ParseError{number, words.problem()}};
  }
  if (first) return base::Unexpected{ParseError{number, "is empty"}};
  std::stable_sort(scenario.faults.begin(), scenario.faults.end(),
                   [](const Fault& a, const Fault& b) { return a.at < b.at; });
  std::string problem = misfit(scenario);
  if (!problem.empty()) return base::Unexpected{ParseError{number, std::move(problem)}};
  return scenario;
}

std::string Scenario::to_text() const {
  const auto line = [](std::string_view key, const std::string& value) {
    return std::string(key) + " " + value + "\n";
  };
  std::string text = "parley-scenario 1\n";
  text += line("seed", std::to_string(seed));
  text += line("nodes", std::to_string(nodes));
  text += line("seeds", std::to_string(seeds));
  text += line("join_gap", text_of(join_gap));
  text += line("latency", text_of(latency_min) + " to " + text_of(latency_max));
  text += line("loss", std::to_string(loss));
  text += line("duplicate", std::to_string(duplicate));
  if (heavy_tail > 0) text += line("heavy_tail", std::to_string(heavy_tail));
  text += line("drift_max", std::to_string(drift_max));
  text += line("clock_offset_max", text_of(clock_offset_max));
  text += line("hashed_pair_keys", hashed_pair_keys ? "1" : "0");
  text += line("calls", std::to_string(workload.calls) + " after " +
                            std::to_string(workload.first_call) + " from " +
                            text_of(workload.starts) + " every " + text_of(workload.gap) +
                            " capabilities " + std::to_string(workload.capabilities) +
                            " providers " + std::to_string(workload.providers) + " idempotent " +
                            std::to_string(workload.idempotent) + " deadline " +
                            text_of(workload.deadline) + further_text(workload));
  text += deciding_text(deciding);
  for (const AgentTraits& agent : agents) text += text_of(agent);
  for (const mesh::Policy& policy : policies) text += text_of(policy);
  for (const AdversaryChoice& adversary : adversaries) {
    text += line("adversary", std::string(to_string(adversary.kind)) + " nodes " +
                                  text_of(adversary.nodes) + " at " + text_of(adversary.at));
  }
  for (const LyingChoice& lying : liars) text += lies_text(lying);
  if (!choices.empty()) text += line("choices", base::to_hex(std::as_bytes(std::span(choices))));
  for (const Fault& fault : faults) text += fault_text(fault);
  text += line("chaos_ends", text_of(chaos_ends));
  text += line("patience", text_of(patience));
  return text;
}

}  // namespace sim
