// The peer-facing side of the node: requests that arrive over links, from nodes whose identity TLS
// proved. A call goes to the exchanges, a question to the kernel.
#pragma once

#include "base/bytes.h"
#include "node/agreement_channels.h"
#include "node/driver.h"
#include "node/exchanges.h"
#include "node/whole_request.h"
#include "transport/service.h"

#include <asio/io_context.hpp>

#include <cstdint>
#include <map>
#include <memory>

namespace node {

class PeerGateway final : public transport::Service {
 public:
  // Unanswered at once; the oldest goes first, of the same peer or of all.
  static constexpr std::size_t questions_max = 256;
  static constexpr std::size_t questions_per_peer_max = 16;

  PeerGateway(asio::io_context& io, Exchanges& exchanges, AgreementChannels& channels);
  void connect(Driver& driver) { driver_ = &driver; }

  void on_request(transport::RequestHead head, std::unique_ptr<transport::Stream> stream,
                  const transport::RequestOrigin& origin) override;
  void answer_question(std::uint64_t question, const base::Bytes& body);
  // Streams of unanswered questions are dropped; call before the links go.
  void shut_down() { questions_.clear(); }

 private:
  struct Question {
    base::NodeId from;
    std::unique_ptr<transport::Stream> stream;
  };

  void on_question(WholeRequest whole, std::unique_ptr<transport::Stream> stream);

  Driver* driver_ = nullptr;
  Exchanges& exchanges_;
  AgreementChannels& channels_;
  std::uint64_t last_question_ = 0;
  std::map<std::uint64_t, Question> questions_;  // the oldest first
  RequestCollector collector_;
};

}  // namespace node
