// A mesh of real nodes with played agents, all on this machine: made for one measurement, gone with
// the object. The nodes are processes; agents and callers run on one loop here.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "cli/stage/child_node.h"
#include "cli/stage/played_agent.h"
#include "cli/stage/requests.h"
#include "mesh/descriptor.h"
#include "mesh/policy_table.h"

#include <asio/io_context.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cli::stage {

// One node, and the agent beside it.
struct Role {
  std::string name;
  PlayedAgent::Script script;        // nothing: no agent
  mesh::AgentDescriptor descriptor;  // of the agent, if there is one
  std::vector<mesh::Policy> policies;
};

class Stage {
 public:
  Stage();
  ~Stage();  // ends the nodes, removes what they wrote
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // Starts one node for each role; the first is everybody's seed. Ready is who can be called.
  [[nodiscard]] base::Result<void, std::string> start(std::vector<Role> roles);
  // Until each node knows `offers` offers in all, or it took too long.
  [[nodiscard]] base::Result<void, std::string> wait_known(std::size_t offers);

  [[nodiscard]] asio::io_context& loop() { return loop_; }
  [[nodiscard]] Requests& requests() { return requests_; }
  [[nodiscard]] std::size_t size() const { return nodes_.size(); }
  // Where its node takes calls, as a URL.
  [[nodiscard]] const transport::AgentUrl& node_url(std::size_t role) const {
    return urls_.at(role);
  }
  // Where its agent answers, without a node in between.
  [[nodiscard]] std::string agent_url(std::size_t role) const;
  // The sum of all samples of a counter over all nodes.
  [[nodiscard]] base::Result<double, std::string> metric(std::string_view name);
  // Runs the loop until `done` holds; false if that took longer than `patience`.
  bool run_until(const std::function<bool()>& done, base::Duration patience);

 private:
  // The answer's body, while the loop goes on.
  [[nodiscard]] base::Result<std::string, std::string> get(std::size_t role, std::string target);

  std::filesystem::path folder_;
  asio::io_context loop_{1};
  Requests requests_;
  std::vector<std::unique_ptr<PlayedAgent>> agents_;  // nothing where there is no agent
  std::vector<transport::AgentUrl> urls_;
  std::vector<ChildNode> nodes_;
};

}  // namespace cli::stage
