#include "cli/stage/played_agent.h"

#include <asio/post.hpp>

#include <system_error>
#include <utility>

namespace cli::stage {

namespace {

constexpr std::size_t requests_max = 16'384;

base::ByteView bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string text_of(const base::Bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

class PlayedAgent::Open final : public transport::Receiver {
 public:
  Open(PlayedAgent& agent, std::uint64_t number, std::unique_ptr<transport::Stream> its_stream)
      : stream(std::move(its_stream)), agent_(agent), number_(number) {
    stream->set_receiver(*this);
  }

  void on_response_head(transport::ResponseHead /*head*/) override {}  // we are the one who answers
  void on_data(base::ByteView /*bytes*/) override {}                   // it was whole already
  void on_end(transport::Headers /*trailers*/) override {}
  void on_failed(transport::StreamError /*error*/) override { agent_.on_gone(number_); }
  void on_writable() override {}

  std::unique_ptr<transport::Stream> stream;
  const std::shared_ptr<Asker> asker = std::make_shared<Asker>();

 private:
  PlayedAgent& agent_;
  const std::uint64_t number_;
};

PlayedAgent::PlayedAgent(asio::io_context& loop, Script script)
    : loop_(loop),
      script_(std::move(script)),
      collector_(
          loop, {.requests_max = requests_max},
          [this](node::WholeRequest request, std::unique_ptr<transport::Stream> stream) {
            on_whole(std::move(request), std::move(stream));
          },
          [](const std::unique_ptr<transport::Stream>&) {}),
      listener_(loop, *this, {}) {}

PlayedAgent::~PlayedAgent() = default;

base::Result<void, std::string> PlayedAgent::listen() {
  const auto loopback = base::Endpoint::parse("127.0.0.1:0");
  const auto listening = listener_.listen(*loopback);
  if (!listening) {
    return base::Unexpected{"cannot listen for an agent: " + listening.error().message()};
  }
  return {};
}

std::string PlayedAgent::url() const {
  return "http://" + listener_.local_endpoint().to_string();
}

void PlayedAgent::on_request(transport::RequestHead head, std::unique_ptr<transport::Stream> stream,
                             const transport::RequestOrigin& origin) {
  collector_.collect(std::move(head), std::move(stream), origin);
}

void PlayedAgent::on_whole(node::WholeRequest request, std::unique_ptr<transport::Stream> stream) {
  const std::uint64_t number = ++last_number_;
  const auto open = std::make_shared<Open>(*this, number, std::move(stream));
  open_.emplace(number, open);
  script_({.method = std::move(request.head.method),
           .target = std::move(request.head.target),
           .headers = std::move(request.head.headers),
           .body = text_of(request.body),
           .asker = open->asker},
          [this, number](PlayedAnswer text) { answer(number, text); });
}

void PlayedAgent::on_gone(std::uint64_t number) {
  const auto entry = open_.extract(number);
  if (entry.empty()) return;
  entry.mapped()->stream.reset();
  entry.mapped()->asker->go();
  asio::post(loop_, [kept = entry.mapped()] {});  // it is calling us right now
}

void PlayedAgent::answer(std::uint64_t number, const PlayedAnswer& answer) {
  const auto entry = open_.extract(number);
  if (entry.empty()) return;
  const std::unique_ptr<transport::Stream> stream = std::move(entry.mapped()->stream);
  if (answer.breaks) return;  // destroying the stream aborts it
  stream->send_response_head(
      {.status = answer.status, .headers = answer.headers, .body_size = answer.body.size()});
  if (!answer.body.empty()) stream->send_data(bytes_of(answer.body));
  stream->send_end({});
}

}  // namespace cli::stage
