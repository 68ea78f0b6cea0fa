#include "cli/stage/stage.h"

#include "base/strings.h"
#include "cli/console.h"
#include "cli/stage/policies_text.h"
#include "node/config.h"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

namespace cli::stage {

namespace {

constexpr auto start_patience = std::chrono::seconds(30);
constexpr auto known_patience = std::chrono::seconds(60);
constexpr auto ask_patience = std::chrono::seconds(5);
constexpr auto look_again_after = std::chrono::milliseconds(50);

std::filesystem::path make_folder() {
  std::string name = (std::filesystem::temp_directory_path() / "parley-stage-XXXXXX").string();
  return ::mkdtemp(name.data()) == nullptr ? std::filesystem::path() : std::filesystem::path(name);
}

std::string config_of(const Role& role, const PlayedAgent* agent) {
  nlohmann::json out;
  out["policies"] = nlohmann::json::parse(policies_text(role.policies));
  if (agent != nullptr) {
    const auto url = transport::AgentUrl::parse(agent->url());
    out["agent"] =
        nlohmann::json::parse(node::agent_json({.url = *url, .descriptor = role.descriptor}));
  }
  return out.dump();
}

}  // namespace

Stage::Stage() : folder_(make_folder()), requests_(loop_) {}

Stage::~Stage() {
  nodes_.clear();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

base::Result<void, std::string> Stage::start(std::vector<Role> roles) {
  if (folder_.empty()) return base::Unexpected{std::string("cannot make a temporary folder")};
  for (Role& role : roles) {
    const std::filesystem::path place = folder_ / role.name;
    std::filesystem::create_directory(place);
    agents_.push_back(nullptr);
    if (role.script) {
      agents_.back() = std::make_unique<PlayedAgent>(loop_, std::move(role.script));
      if (auto listening = agents_.back()->listen(); !listening) return listening;
    }
    const std::filesystem::path file = place / "parley.yaml";
    std::ofstream(file) << config_of(role, agents_.back().get());
    std::vector<std::string> arguments{"--config",    file.string(), "--name",
                                       role.name,     "--data",      (place / "data").string(),
                                       "--mesh",      "127.0.0.1:0", "--api",
                                       "127.0.0.1:0", "--log-level", "warning"};
    const bool first = nodes_.empty();
    if (!first) arguments.insert(arguments.end(), {"--seed", nodes_.front().mesh()});
    auto node = ChildNode::start(arguments, place / "stderr");
    if (!node) return base::Unexpected{node.error()};
    nodes_.push_back(std::move(*node));
    if (!first) continue;
    if (auto ready = nodes_.front().wait_ready(start_patience); !ready) return ready;
  }
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (i > 0) {
      if (auto ready = nodes_[i].wait_ready(start_patience); !ready) return ready;
    }
    urls_.push_back(*transport::AgentUrl::parse("http://" + nodes_[i].api()));
  }
  return {};
}

base::Result<void, std::string> Stage::wait_known(std::size_t offers) {
  const auto deadline = std::chrono::steady_clock::now() + known_patience;
  for (std::size_t role = 0; role < nodes_.size();) {
    const auto body = get(role, "/v1/capabilities");
    if (!body) return base::Unexpected{body.error()};
    const auto json = nlohmann::json::parse(*body, nullptr, false);
    std::size_t known = 0;
    if (json.is_array()) known = json.size();
    if (json.is_object() && json.contains("capabilities")) known = json["capabilities"].size();
    if (known >= offers) {
      ++role;
      continue;
    }
    if (std::chrono::steady_clock::now() > deadline || interrupted()) {
      return base::Unexpected{"the nodes did not find each other's agents in " +
                              base::format_duration(known_patience)};
    }
    loop_.restart();
    loop_.run_for(look_again_after);
  }
  return {};
}

std::string Stage::agent_url(std::size_t role) const {
  return agents_.at(role)->url();
}

base::Result<double, std::string> Stage::metric(std::string_view name) {
  double sum = 0;
  for (std::size_t role = 0; role < nodes_.size(); ++role) {
    const auto body = get(role, "/metrics");
    if (!body) return base::Unexpected{body.error()};
    for (const std::string_view line : base::split(*body, '\n')) {
      if (!line.starts_with(name) || line.size() <= name.size()) continue;
      const char next = line[name.size()];
      if (next != ' ' && next != '{') continue;
      sum += std::strtod(std::string(line.substr(line.rfind(' ') + 1)).c_str(), nullptr);
    }
  }
  return sum;
}

bool Stage::run_until(const std::function<bool()>& done, base::Duration patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > deadline || interrupted()) return false;
    loop_.restart();
    loop_.run_one_for(look_again_after);
  }
  return true;
}

base::Result<std::string, std::string> Stage::get(std::size_t role, std::string target) {
  // Shared with a request that goes on if we are interrupted here.
  const auto answer = std::make_shared<std::optional<WholeAnswer>>();
  requests_.send(urls_[role], {.method = "GET", .target = std::move(target), .headers = {}},
                 ask_patience, [answer](WholeAnswer whole) { *answer = std::move(whole); });
  run_until([&] { return answer->has_value(); }, 2 * ask_patience);
  if (!*answer || (*answer)->status != 200) {
    return base::Unexpected{std::string("a node does not answer")};
  }
  return std::move((*answer)->body);
}

}  // namespace cli::stage
