// Answers of the API about decisions that take time: a proposal whose new committee is being asked,
// what is read from the archive, and streams. Each holds its stream until it has what to say.
#pragma once

#include "api/http.h"
#include "api/view.h"
#include "node/agreement_disk.h"
#include "node/decision_feeds.h"
#include "node/driver.h"
#include "transport/stream.h"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace node {

class DecisionAnswers {
 public:
  // Makes a response with what the API may look at.
  using Ask = std::function<api::Response(const api::View&)>;
  using Look = std::function<api::Response(const Ask&)>;

  // The disk is null in a mesh without validators.
  DecisionAnswers(asio::io_context& io, AgreementDisk* disk, const Look& look)
      : disk_(disk), look_(look), feeds_(io, {}, disk, look) {}
  void connect(Driver& driver) { driver_ = &driver; }

  // False: the response is the answer itself.
  [[nodiscard]] bool takes(const api::Response& response) const;
  void answer(const api::Response& response, std::unique_ptr<transport::Stream> stream);

  void carry_out(const kernel::ProposalSettled& effect);
  void on_decided() { feeds_.on_decided(); }
  // Streams that go on for ever end; others may still be answered.
  void drain() { feeds_.shut_down(); }
  // No stream is touched after this.
  void shut_down();

 private:
  struct Listing;
  void answer_found(const api::DecisionLookup& lookup, std::unique_ptr<transport::Stream> stream);
  void answer_page(const api::DecisionPage& page, std::unique_ptr<transport::Stream> stream);
  void go_on(const std::shared_ptr<Listing>& listing);

  AgreementDisk* const disk_;
  const Look look_;
  Driver* driver_ = nullptr;
  std::map<std::uint64_t, std::unique_ptr<transport::Stream>> proposals_;  // by request
  std::uint64_t requests_ = 0;
  DecisionFeeds feeds_;
};

}  // namespace node
