#include "cli/stage/played_agent.h"

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

PlayedAgent::PlayedAgent(asio::io_context& loop, Script script)
    : script_(std::move(script)),
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
  open_.emplace(number, std::move(stream));
  script_({.method = std::move(request.head.method),
           .target = std::move(request.head.target),
           .headers = std::move(request.head.headers),
           .body = text_of(request.body)},
          [this, number](PlayedAnswer text) { answer(number, text); });
}

void PlayedAgent::answer(std::uint64_t number, const PlayedAnswer& answer) {
  auto entry = open_.extract(number);
  if (entry.empty()) return;
  transport::Stream& stream = *entry.mapped();
  if (answer.breaks) return;  // destroying the stream aborts it
  stream.send_response_head(
      {.status = answer.status, .headers = answer.headers, .body_size = answer.body.size()});
  if (!answer.body.empty()) stream.send_data(bytes_of(answer.body));
  stream.send_end({});
}

}  // namespace cli::stage
