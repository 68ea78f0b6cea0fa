// A member that lies. Anna has a real identity, so her packets open and her signatures hold; what
// she says in them, over links and by silence is the fuzzer's choice, and so is the time that
// passes. Bert's kernel must keep its word all the while: no CHECK of it fails, he stays a member,
// and nobody speaks in the name of Carl.
#include "base/check.h"
#include "base/match.h"
#include "node/kernel/kernel.h"
#include "tests/fuzz/fuzzed_input.h"
#include "wire/packet_codec.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int inputs_max = 60;

crypto::Identity identity(std::uint8_t number) {
  crypto::Seed seed;
  seed.bytes.fill(std::byte{number});
  return crypto::Identity::from_seed(seed);
}

base::Endpoint endpoint_of(std::uint8_t number) {
  return base::Endpoint::v4({127, 0, 0, 1}, static_cast<std::uint16_t>(7400 + number));
}

const crypto::Identity& anna() {
  static const crypto::Identity it = identity(1);
  return it;
}
const crypto::Identity& bert() {
  static const crypto::Identity it = identity(2);
  return it;
}
const crypto::Identity& carl() {
  static const crypto::Identity it = identity(3);
  return it;
}
const crypto::Identity& annas_other_self() {
  static const crypto::Identity it = identity(4);
  return it;
}

gossip::SignedRecord signed_by(const crypto::Identity& signer, gossip::Record record) {
  gossip::SignedRecord out{.record = std::move(record), .signature = {}};
  out.signature = signer.sign(gossip::statement_of(out.record, base::MeshId{}));
  return out;
}

gossip::SignedRecord record_of_carl() {
  gossip::Record record;
  record.subject = carl().id();
  record.version = {.epoch = 1, .sequence = 1};
  record.name = "carl";
  record.endpoint = endpoint_of(3);
  record.readiness = gossip::Readiness::serving;
  return signed_by(carl(), record);
}

class World {
 public:
  World(const std::uint8_t* data, std::size_t size)
      : input_(data, size),
        carls_(record_of_carl()),
        gate_(anna(), base::MeshId{}, 1),
        bert_(options(), bert(), {.epoch = 0, .members = {wire::encode(carls_)}, .descriptors = {}},
              base::Rng(7)) {
    handle(kernel::Started{});
    gossip::Record record;
    record.subject = anna().id();
    record.version = {.epoch = 1, .sequence = 1};
    record.name = "anna";
    record.endpoint = endpoint_of(1);
    say({.body = gossip::Rumors{},
         .table_digest = 0,
         .introduces = true,
         .records = {signed_by(anna(), record), carls_},
         .accusations = {}});
  }

  void run() {
    for (int i = 0; i < inputs_max && !input_.empty(); ++i) {
      step();
      check();
    }
  }

 private:
  static kernel::Options options() {
    kernel::Options options;
    options.name = "bert";
    options.advertise = endpoint_of(2);
    options.seeds = {endpoint_of(3)};
    return options;
  }

  void step() {
    switch (input_.below(9)) {
      case 0:
        return say(packet());
      case 1:
        return handle(kernel::PeerAsked{++question_, sender(), {}, wire::encode(question())});
      case 2:
        return answer();
      case 3:
        now_ = std::max(now_, bert_.next_deadline());
        return handle(kernel::TimePassed{});
      case 4:
        now_ = now_ + std::chrono::milliseconds(input_.byte() * 10);
        return handle(kernel::TimePassed{});
      case 5:
        return handle(kernel::LinkLost{id()});
      case 6:
        return handle(kernel::DatagramReceived{endpoint_of(1), input_.bytes()});
      case 7:
        return seal(input_.yes(), input_.bytes());
      case 8:
        return handle(kernel::PeerAsked{++question_, sender(), {}, input_.bytes()});
      default:
        return;
    }
  }

  // ---- what anna may say ----

  base::NodeId id() {
    switch (input_.below(5)) {
      case 0:
        return anna().id();
      case 1:
        return bert().id();
      case 2:
        return carl().id();
      case 3:
        return annas_other_self().id();
      default: {
        base::NodeId nobody;
        nobody.bytes.fill(std::byte{input_.byte()});
        return nobody;
      }
    }
  }
  base::NodeId sender() { return input_.yes() ? anna().id() : annas_other_self().id(); }
  std::uint64_t number() {
    switch (input_.below(4)) {
      case 0:
        return input_.byte();
      case 1:
        return ~std::uint64_t{input_.byte()};
      case 2:
        return std::uint64_t{input_.byte()} << 56;
      default:
        return bert_.membership().table_digest();
    }
  }
  gossip::SignedRecord record() {
    if (input_.below(4) == 0) return known_record();
    gossip::Record out;
    out.subject = id();
    out.version = {.epoch = number(), .sequence = number()};
    out.name = input_.text();
    if (out.name.size() > gossip::Record::name_max) out.name.resize(gossip::Record::name_max);
    out.endpoint = endpoint_of(static_cast<std::uint8_t>(input_.below(5)));
    out.readiness = static_cast<gossip::Readiness>(input_.below(5));
    out.load = {.in_flight = input_.byte(), .concurrency = input_.byte(), .latency_micros = ~0U};
    out.descriptor.bytes.fill(std::byte{static_cast<std::uint8_t>(input_.below(3))});
    out.protocol = static_cast<std::uint16_t>(input_.below(3));
    return signed_by(input_.yes() ? anna() : annas_other_self(), out);
  }
  gossip::SignedRecord known_record() {
    const gossip::Member* member = bert_.membership().find(id());
    return member != nullptr ? member->record : carls_;
  }
  gossip::SignedAccusation accusation() {
    const bool first = input_.yes();
    gossip::SignedAccusation out;
    out.accusation.accuser = id();
    const gossip::SignedRecord accused = known_record();
    out.accusation.subject = input_.yes() ? accused.record.subject : id();
    out.accusation.record = gossip::record_digest(accused.record, base::MeshId{});
    out.signature = (first ? anna() : annas_other_self())
                        .sign(gossip::statement_of(out.accusation, base::MeshId{}));
    return out;
  }
  std::vector<gossip::SignedRecord> records() {
    std::vector<gossip::SignedRecord> out;
    for (std::size_t i = input_.below(4); i > 0; --i) out.push_back(record());
    return out;
  }
  std::vector<gossip::SignedAccusation> accusations() {
    std::vector<gossip::SignedAccusation> out;
    for (std::size_t i = input_.below(4); i > 0; --i) out.push_back(accusation());
    return out;
  }
  gossip::Packet packet() {
    gossip::Packet out;
    const std::uint32_t sequence = input_.byte();
    switch (input_.below(6)) {
      case 0:
        out.body = gossip::Rumors{};
        break;
      case 1:
        out.body = gossip::Ping{sequence};
        break;
      case 2:
        out.body = gossip::Ack{sequence};
        break;
      case 3:
        out.body = gossip::PingRequest{.sequence = sequence, .target = id()};
        break;
      case 4:
        out.body = gossip::Relayed{.sequence = sequence, .reached = input_.yes()};
        break;
      default:
        out.body = gossip::Hint{id()};
        break;
    }
    out.table_digest = number();
    out.introduces = input_.yes();
    out.records = records();
    out.accusations = accusations();
    return out;
  }
  gossip::SignedReport report() {
    gossip::SignedReport out;
    const bool first = input_.yes();
    out.report.author = input_.yes() ? (first ? anna() : annas_other_self()).id() : id();
    out.report.capability = capability();
    out.report.version = {.epoch = number(), .sequence = number()};
    for (std::size_t i = input_.below(4); i > 0; --i) {
      out.report.observations.push_back({.subject = id(),
                                         .samples = input_.byte(),
                                         .success_ppm = input_.byte() * 5'000U,
                                         .quality_ppm = std::nullopt,
                                         .latency_micros = input_.byte()});
      if (input_.yes()) out.report.observations.back().quality_ppm = input_.byte() * 5'000U;
    }
    out.signature = (first ? anna() : annas_other_self())
                        .sign(gossip::statement_of(out.report, base::MeshId{}));
    out.age_ms = input_.byte() * 1'000U;
    return out;
  }
  std::string capability() { return input_.yes() ? "cap.0" : "cap.1"; }
  gossip::Question question() {
    switch (input_.below(5)) {
      case 0:
        return gossip::Join{record(), id()};
      case 1: {
        gossip::Compare compare;
        compare.buckets.fill(number());
        return compare;
      }
      case 2:
        return gossip::Exchange{{number(), number()}, records(), accusations()};
      case 3:
        return gossip::PullReports{{{capability(), {{number(), {number(), number()}}}}}};
      default: {
        gossip::PullDescriptor pull;
        pull.digest.bytes.fill(std::byte{input_.byte()});
        return pull;
      }
    }
  }
  gossip::Reply reply() {
    switch (input_.below(5)) {
      case 0:
        return gossip::Welcome{records(), accusations(), input_.yes()};
      case 1: {
        gossip::Entry entry{.key = number(), .version = {}, .evidence = number()};
        entry.version = {.epoch = number(), .sequence = number()};
        return gossip::Summary{.differing = number(), .entries = {entry}};
      }
      case 2:
        return gossip::Items{records(), accusations()};
      case 3: {
        gossip::ReportPage page;
        for (std::size_t i = input_.below(4); i > 0; --i) page.reports.push_back(report());
        return page;
      }
      default:
        return gossip::DescriptorBody{input_.bytes()};
    }
  }

  void say(const gossip::Packet& said) { seal(said.introduces, wire::encode(said)); }
  void seal(bool introduces, base::ByteView plaintext) {
    auto datagram = gate_.seal(bert().id(), introduces, plaintext);
    if (datagram) handle(kernel::DatagramReceived{endpoint_of(1), std::move(*datagram)});
  }
  void answer() {
    if (asked_.empty()) return;
    const kernel::AskPeer asked = std::move(asked_.front());
    asked_.pop_front();
    if (input_.below(4) == 0) {
      const auto failure = static_cast<kernel::PeerFailure>(input_.below(5));
      return handle(kernel::PeerFailed{asked.request, failure});
    }
    // Who is asked by address may answer as anybody; who is asked by name, only as itself.
    const base::NodeId peer = asked.node.value_or(sender());
    handle(kernel::PeerAnswered{asked.request, peer, wire::encode(reply())});
  }

  // ---- what bert does ----

  void handle(kernel::Input input) {
    std::deque<kernel::Input> inputs;
    inputs.push_back(std::move(input));
    while (!inputs.empty()) {
      kernel::Effects effects;
      bert_.handle(std::move(inputs.front()), now_, effects);
      inputs.pop_front();
      for (kernel::Effect& effect : effects) {
        base::match(
            std::move(effect),
            [&](kernel::CheckSignatures&& e) {
              kernel::SignaturesChecked checked{.batch = e.batch, .verdicts = {}};
              for (const auto& question : e.checks) {
                checked.verdicts.push_back(crypto::check(question));
              }
              inputs.emplace_back(std::move(checked));
            },
            [&](kernel::AskPeer&& e) { asked_.push_back(std::move(e)); }, [](auto&&) {});
      }
    }
  }

  void check() const {
    CHECK(bert_.membership().find(bert().id()) != nullptr);
    CHECK(bert_.membership().members().size() <= 4);
    if (const gossip::Member* member = bert_.membership().find(carl().id())) {
      CHECK(member->record == carls_);
    }
    CHECK(bert_.next_deadline() > base::Instant());
  }

  fuzz::Input input_;
  base::Instant now_;
  const gossip::SignedRecord carls_;
  kernel::DatagramGate gate_;  // anna's
  kernel::Kernel bert_;
  std::uint64_t question_ = 0;
  std::deque<kernel::AskPeer> asked_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  World(data, size).run();
  return 0;
}
