// Carries out ProbeAgent: one GET to the agent beside this node, its status or silence told to the
// kernel, exactly once for each probe.
#pragma once

#include "mesh/call.h"
#include "node/driver.h"
#include "transport/agent_client.h"

#include <asio/io_context.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>

namespace node {

class AgentProber {
 public:
  AgentProber(asio::io_context& io, transport::AgentClient& client);
  ~AgentProber();
  void connect(Driver& driver) { driver_ = &driver; }

  void probe(const mesh::ProbeAgent& effect, const std::optional<transport::AgentUrl>& agent);

 private:
  class Probe;

  void finish(std::uint64_t probe, std::optional<int> status);

  asio::io_context& io_;
  transport::AgentClient& client_;
  Driver* driver_ = nullptr;
  std::unordered_map<std::uint64_t, std::unique_ptr<Probe>> probes_;  // the kernel bounds them
};

}  // namespace node
