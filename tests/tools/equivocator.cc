// A validator that lies, for the end-to-end tests: with the keys of one that runs honestly (they
// were stolen, say) it tells each of its peers two notarize votes for one view.
//
//   equivocator DATA GENESIS VIEW ID@IP:PORT...
#include "base/bytes.h"
#include "base/strings.h"
#include "consensus/statements.h"
#include "crypto/digest.h"
#include "node/agreement_channels.h"
#include "node/clock.h"
#include "node/genesis.h"
#include "node/kernel/decided_state.h"
#include "storage/key_file.h"
#include "transport/peer_links.h"
#include "wire/agreement_codec.h"

#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <sodium.h>

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

// Takes nothing from anybody.
class Deaf final : public transport::Service, public transport::Receiver {
 public:
  void on_request(transport::RequestHead /*head*/, std::unique_ptr<transport::Stream> /*stream*/,
                  const transport::RequestOrigin& /*origin*/) override {}
  void on_response_head(transport::ResponseHead /*head*/) override {}
  void on_data(base::ByteView /*bytes*/) override {}
  void on_end(transport::Headers /*trailers*/) override {}
  void on_failed(transport::StreamError error) override {
    std::fprintf(stderr, "a stream failed: %s\n", std::string(transport::to_string(error)).c_str());
  }
  void on_writable() override {}
};

std::optional<crypto::Identity> key(const std::string& data, storage::KeyKind kind) {
  const auto seed = storage::load_key(data, kind);
  if (!seed) return std::nullopt;
  return crypto::Identity::from_seed(*seed);
}

base::Bytes frame_of(const consensus::Vote& vote) {
  const base::Bytes bytes = wire::encode(consensus::Message(vote));
  base::Bytes out;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    out.push_back(static_cast<std::byte>(bytes.size() >> shift));
  }
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

int complain(const char* what) {
  std::fprintf(stderr, "equivocator: %s\n", what);
  return 2;
}

}  // namespace

int main(int count, char** words) {
  if (sodium_init() < 0 || count < 5) return complain("DATA GENESIS VIEW ID@IP:PORT...");
  const auto identity = key(words[1], storage::KeyKind::identity);
  const auto voter = key(words[1], storage::KeyKind::voter);
  const auto genesis = node::load_genesis(words[2]);
  const auto view = base::parse_unsigned(words[3]);
  if (!identity || !voter || !genesis || !view) return complain("a key, the file or the view");
  const auto founded = node::founding(*genesis);
  if (!founded) return complain("the mesh has no validators");
  const consensus::Epoch epoch(
      consensus::EpochDescriptor::first(genesis->mesh, kernel::committee_of(founded->seats),
                                        kernel::parameters_of(founded->parameters)));
  const auto signer = epoch.committee().index_of(identity->id());
  if (!signer) return complain("that key has no seat");

  asio::io_context io(1);
  Deaf deaf;
  transport::PeerLinksHooks hooks;
  hooks.wall_clock = node::wall_now;
  transport::PeerLinks links(io, *identity, genesis->mesh, deaf, std::move(hooks), {});
  std::vector<std::unique_ptr<transport::Stream>> streams;
  for (int i = 4; i < count; ++i) {
    const auto parts = base::split(words[i], '@');
    const auto id = parts.size() == 2 ? base::NodeId::from_hex(parts[0]) : std::nullopt;
    const auto at = parts.size() == 2 ? base::Endpoint::parse(parts[1]) : std::nullopt;
    if (!id || !at) return complain("a peer is ID@IP:PORT");
    transport::RequestHead head;
    head.method = "POST";
    head.target = std::string(node::agreement_target);
    streams.push_back(links.open(*id, *at, std::move(head), deaf, std::chrono::seconds(5)));
    for (const std::string_view block : {"one", "another"}) {
      consensus::Vote vote{.kind = consensus::VoteKind::notarize,
                           .epoch = 0,
                           .view = *view,
                           .block = crypto::digest(base::as_bytes(block)),
                           .signer = *signer,
                           .signature = {}};
      vote.signature =
          voter->sign(consensus::vote_statement(vote.kind, epoch.id(), vote.view, vote.block));
      streams.back()->send_data(frame_of(vote));
    }
  }
  asio::steady_timer end(io, std::chrono::seconds(2));
  end.async_wait([&](const auto&) {
    streams.clear();
    links.shut_down();
    io.stop();
  });
  io.run();
  return 0;
}
