// The exchanges in flight at this node, by id, and their way out: to the agent beside it or over a
// link.
#pragma once

#include "base/endpoint.h"
#include "base/ids.h"
#include "mesh/call.h"
#include "node/clock.h"
#include "node/driver.h"
#include "node/exchange.h"
#include "node/kept_answers.h"
#include "transport/agent_client.h"
#include "transport/peer_links.h"
#include "transport/stream.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace node {

// Where in a target the capability stands, if it is a call: /call/{capability}[/rest][?query].
struct CallTarget {
  std::string capability;
  std::string rest;
};
[[nodiscard]] std::optional<CallTarget> parse_call_target(std::string_view target);

class Exchanges final : public Exchange::Host {
 public:
  // Where a peer is reached now, by the view of the membership.
  using Locate = std::function<std::optional<base::Endpoint>(const base::NodeId&)>;

  // Whether the beginning of a request's body decides about calls to a capability.
  using ReadsBodies = std::function<bool(std::string_view capability)>;

  // Takes requests that are to be kept for later, and tells the kernel what came of it.
  using KeepCall = std::function<void(mesh::ExchangeId exchange, KeptRequest request)>;

  Exchanges(asio::io_context& io, transport::AgentClient& agent, Locate locate,
            ReadsBodies reads_bodies, KeepCall keep_call);
  // Must be called once, before the first exchange: both are built after this, and need it.
  void connect(Driver& driver, transport::PeerLinks& links);
  // Where the agent beside this node is; nothing = there is none.
  void set_agent(std::optional<transport::AgentUrl> url) { agent_url_ = std::move(url); }
  [[nodiscard]] const std::optional<transport::AgentUrl>& agent() const { return agent_url_; }

  void arrive(mesh::Origin origin, transport::RequestHead head, CallTarget target,
              std::unique_ptr<transport::Stream> stream);
  // A request that is whole; what is answered goes to the stream.
  void deliver(mesh::Origin origin, transport::RequestHead head, CallTarget target,
               const base::Bytes& body, std::unique_ptr<transport::Stream> stream);
  [[nodiscard]] std::size_t size() const { return exchanges_.size(); }

  // ---- effects ----
  void carry_out(mesh::StartAttempt&& effect);
  void carry_out(const mesh::FabricateAnswer& effect);
  void carry_out(const mesh::CancelAttempt& effect);
  void carry_out(const mesh::InspectAnswer& effect);
  void carry_out(mesh::RelayAnswer&& effect);
  void carry_out(const mesh::RefuseExchange& effect);
  void carry_out(mesh::DeferCall&& effect);
  void carry_out(const mesh::AcceptExchange& effect);
  void carry_out(const mesh::KeepAnswer& effect);
  void carry_out(const mesh::ForgetAnswer& effect);
  void carry_out(const mesh::ReplayAnswer& effect);
  void carry_out(const mesh::ExchangeSettled& effect);

  // ---- Exchange::Host ----
  void feed(kernel::Input input) override;
  std::unique_ptr<transport::Stream> open(const mesh::StartAttempt& effect,
                                          transport::RequestHead head,
                                          transport::Receiver& receiver) override;
  void retire(mesh::ExchangeId exchange) override;
  void bury(std::unique_ptr<transport::Receiver> receiver) override;
  KeptAnswers& kept_answers() override { return kept_; }
  void keep_call(mesh::ExchangeId exchange, KeptRequest request) override {
    keep_call_(exchange, std::move(request));
  }
  [[nodiscard]] base::Instant now() const override { return steady_now(); }
  void wake(mesh::ExchangeId exchange, base::Instant at) override;

 private:
  Exchange* find(mesh::ExchangeId exchange);
  void arm();
  Exchange& open(mesh::ExchangeId id, const mesh::Origin& origin, transport::RequestHead head,
                 const mesh::CallRequest& request, std::unique_ptr<transport::Stream> stream);

  asio::io_context& io_;
  transport::AgentClient& agent_;
  const Locate locate_;
  const ReadsBodies reads_bodies_;
  const KeepCall keep_call_;
  transport::PeerLinks* links_ = nullptr;
  Driver* driver_ = nullptr;
  std::optional<transport::AgentUrl> agent_url_;
  std::uint64_t last_id_ = 0;
  struct Held {
    std::unique_ptr<Exchange> exchange;
    base::Instant wakes = base::Instant::never();  // as in wakes_
  };
  std::unordered_map<std::uint64_t, Held> exchanges_;
  KeptAnswers kept_;
  std::set<std::pair<base::Instant, mesh::ExchangeId>> wakes_;  // at most one of each exchange
  asio::steady_timer timer_;                                    // for the first of them
  base::Instant armed_for_ = base::Instant::never();
  std::vector<std::unique_ptr<transport::Receiver>> graveyard_;  // destroyed when the turn is over
};

}  // namespace node
