#include "wire/packet_codec.h"

#include "base/match.h"
#include "base/utf8.h"
#include "wire/packed.h"

#include <wire/gossip.capnp.h>

#include <algorithm>
#include <utility>

namespace wire {

namespace {

using gossip::SignedAccusation;
using gossip::SignedRecord;

constexpr std::uint16_t packet_depth = 8;

// ---- encode ----

void put(schema::Record::Builder out, const SignedRecord& in) {
  const gossip::Record& record = in.record;
  out.setSubject(data_of(record.subject.view()));
  out.setEpoch(record.version.epoch);
  out.setSequence(record.version.sequence);
  if (!record.name.empty()) out.setName(record.name);
  const base::ByteView address = std::as_bytes(std::span(record.endpoint.ip));
  out.setAddress(data_of(record.endpoint.is_v4() ? address.last(4) : address));
  out.setPort(record.endpoint.port);
  out.setReadiness(static_cast<std::uint8_t>(record.readiness));
  out.setInFlight(record.load.in_flight);
  out.setConcurrency(record.load.concurrency);
  out.setLatencyMicros(record.load.latency_micros);
  if (!record.descriptor.is_zero()) out.setDescriptor(data_of(record.descriptor.view()));
  out.setProtocol(record.protocol);
  out.setSignature(data_of(in.signature.view()));
}

void put(schema::Accusation::Builder out, const SignedAccusation& in) {
  out.setAccuser(data_of(in.accusation.accuser.view()));
  out.setSubject(data_of(in.accusation.subject.view()));
  out.setRecord(data_of(in.accusation.record.view()));
  out.setSignature(data_of(in.signature.view()));
}

void put(schema::Entry::Builder out, const gossip::Entry& in) {
  out.setKey(in.key);
  out.setEpoch(in.version.epoch);
  out.setSequence(in.version.sequence);
  out.setEvidence(in.evidence);
}

void put(schema::KnownReport::Builder out, const gossip::KnownReport& in) {
  out.setAuthor(in.author);
  out.setEpoch(in.version.epoch);
  out.setSequence(in.version.sequence);
}

void put(schema::Observation::Builder out, const gossip::Observation& in) {
  out.setSubject(data_of(in.subject.view()));
  out.setSamples(in.samples);
  out.setSuccessPpm(in.success_ppm);
  out.setJudged(in.quality_ppm.has_value());
  out.setQualityPpm(in.quality_ppm.value_or(0));
  out.setLatencyMicros(in.latency_micros);
}

void put(schema::Interest::Builder out, const gossip::Interest& in);  // they hold lists themselves
void put(schema::Report::Builder out, const gossip::SignedReport& in);

template <class List, class T>
void put_all(List out, const std::vector<T>& in) {
  for (unsigned i = 0; i < out.size(); ++i) put(out[i], in[i]);
}

unsigned count(std::size_t size) {
  return static_cast<unsigned>(size);
}

void put(schema::Interest::Builder out, const gossip::Interest& in) {
  out.setCapability(in.capability);
  put_all(out.initKnown(count(in.known.size())), in.known);
}

void put(schema::Report::Builder out, const gossip::SignedReport& in) {
  out.setAuthor(data_of(in.report.author.view()));
  out.setCapability(in.report.capability);
  out.setEpoch(in.report.version.epoch);
  out.setSequence(in.report.version.sequence);
  put_all(out.initObservations(count(in.report.observations.size())), in.report.observations);
  out.setSignature(data_of(in.signature.view()));
  out.setAgeMs(in.age_ms);
}

template <class Group>
void put_items(Group out, const std::vector<SignedRecord>& records,
               const std::vector<SignedAccusation>& accusations) {
  if (!records.empty()) put_all(out.initRecords(count(records.size())), records);
  if (!accusations.empty()) put_all(out.initAccusations(count(accusations.size())), accusations);
}

void put(schema::Packet::Builder out, const gossip::Body& body) {
  out.setKind(static_cast<std::uint8_t>(body.index()));
  base::match(
      body, [](const gossip::Rumors&) {},
      [&](const gossip::Ping& ping) { out.setSequence(ping.sequence); },
      [&](const gossip::Ack& ack) { out.setSequence(ack.sequence); },
      [&](const gossip::PingRequest& request) {
        out.setSequence(request.sequence);
        out.setNode(data_of(request.target.view()));
      },
      [&](const gossip::Relayed& relayed) {
        out.setSequence(relayed.sequence);
        out.setFlag(relayed.reached);
      },
      [&](const gossip::Hint& hint) { out.setNode(data_of(hint.subject.view())); });
}

// ---- decode; each returns false when a field breaks its bound ----

bool get(schema::Record::Reader in, SignedRecord& out) {
  gossip::Record& record = out.record;
  const capnp::Text::Reader name = in.getName();
  const base::ByteView address = view_of(in.getAddress());
  if (name.size() > gossip::Record::name_max) return false;
  // It is shown to people and to their tools; and a NUL would not survive being passed on.
  if (!base::is_label({name.begin(), name.size()})) return false;
  if (in.getReadiness() > static_cast<std::uint8_t>(gossip::Readiness::left)) return false;
  if (address.size() == 4) {
    std::array<std::uint8_t, 4> octets{};
    std::transform(address.begin(), address.end(), octets.begin(),
                   [](std::byte octet) { return static_cast<std::uint8_t>(octet); });
    record.endpoint = base::Endpoint::v4(octets, in.getPort());
  } else if (address.size() == record.endpoint.ip.size()) {
    std::transform(address.begin(), address.end(), record.endpoint.ip.begin(),
                   [](std::byte octet) { return static_cast<std::uint8_t>(octet); });
    record.endpoint.port = in.getPort();
  } else {
    return false;
  }
  record.version = {.epoch = in.getEpoch(), .sequence = in.getSequence()};
  record.name.assign(name.begin(), name.size());
  record.readiness = static_cast<gossip::Readiness>(in.getReadiness());
  record.load = {.in_flight = in.getInFlight(),
                 .concurrency = in.getConcurrency(),
                 .latency_micros = in.getLatencyMicros()};
  record.protocol = in.getProtocol();
  const bool descriptor_reads =
      in.getDescriptor().size() == 0 || get_fixed(in.getDescriptor(), record.descriptor);
  return descriptor_reads && get_fixed(in.getSubject(), record.subject) &&
         get_fixed(in.getSignature(), out.signature);
}

bool get(schema::Accusation::Reader in, SignedAccusation& out) {
  return get_fixed(in.getAccuser(), out.accusation.accuser) &&
         get_fixed(in.getSubject(), out.accusation.subject) &&
         get_fixed(in.getRecord(), out.accusation.record) &&
         get_fixed(in.getSignature(), out.signature);
}

bool get(schema::Entry::Reader in, gossip::Entry& out) {
  out = {.key = in.getKey(),
         .version = {.epoch = in.getEpoch(), .sequence = in.getSequence()},
         .evidence = in.getEvidence()};
  return true;
}

bool get(schema::KnownReport::Reader in, gossip::KnownReport& out) {
  out = {.author = in.getAuthor(),
         .version = {.epoch = in.getEpoch(), .sequence = in.getSequence()}};
  return true;
}

bool get(schema::Observation::Reader in, gossip::Observation& out) {
  out.samples = in.getSamples();
  out.success_ppm = in.getSuccessPpm();
  if (in.getJudged()) out.quality_ppm = in.getQualityPpm();
  out.latency_micros = in.getLatencyMicros();
  return get_fixed(in.getSubject(), out.subject);
}

bool get(schema::Interest::Reader in, gossip::Interest& out);
bool get(schema::Report::Reader in, gossip::SignedReport& out);

template <class List, class T>
bool get_all(List in, std::size_t size_max, std::vector<T>& out) {
  return get_each(in, size_max, out, [](auto item, T& value) { return get(item, value); });
}

bool get_capability(capnp::Text::Reader in, std::string& out) {
  if (in.size() == 0 || in.size() > gossip::ObservationReport::capability_max) return false;
  if (!base::is_label({in.begin(), in.size()})) return false;
  out.assign(in.begin(), in.size());
  return true;
}

bool get(schema::Interest::Reader in, gossip::Interest& out) {
  return get_capability(in.getCapability(), out.capability) &&
         get_all(in.getKnown(), gossip::known_reports_max, out.known);
}

bool get(schema::Report::Reader in, gossip::SignedReport& out) {
  gossip::ObservationReport& report = out.report;
  report.version = {.epoch = in.getEpoch(), .sequence = in.getSequence()};
  out.age_ms = in.getAgeMs();
  return get_fixed(in.getAuthor(), report.author) &&
         get_capability(in.getCapability(), report.capability) &&
         get_all(in.getObservations(), gossip::ObservationReport::observations_max,
                 report.observations) &&
         get_fixed(in.getSignature(), out.signature);
}

template <class Group>
bool get_items(Group in, std::size_t size_max, std::vector<SignedRecord>& records,
               std::vector<SignedAccusation>& accusations) {
  return get_all(in.getRecords(), size_max, records) &&
         get_all(in.getAccusations(), size_max, accusations);
}

bool get(schema::Packet::Reader in, gossip::Packet& out) {
  out.table_digest = in.getTableDigest();
  out.introduces = in.getIntroduces();
  if (!get_items(in, gossip::Packet::items_max, out.records, out.accusations)) return false;
  switch (in.getKind()) {
    case 0:
      out.body = gossip::Rumors{};
      return true;
    case 1:
      out.body = gossip::Ping{in.getSequence()};
      return true;
    case 2:
      out.body = gossip::Ack{in.getSequence()};
      return true;
    case 3: {
      gossip::PingRequest request{.sequence = in.getSequence(), .target = {}};
      if (!get_fixed(in.getNode(), request.target)) return false;
      out.body = request;
      return true;
    }
    case 4:
      out.body = gossip::Relayed{in.getSequence(), in.getFlag()};
      return true;
    case 5: {
      gossip::Hint hint;
      if (!get_fixed(in.getNode(), hint.subject)) return false;
      out.body = hint;
      return true;
    }
    default:
      return false;
  }
}

bool get_numbers(capnp::List<std::uint64_t>::Reader in, std::size_t size_max,
                 std::vector<std::uint64_t>& out) {
  if (in.size() > size_max) return false;
  for (const std::uint64_t number : in) out.push_back(number);
  return true;
}

bool get_compare(capnp::List<std::uint64_t>::Reader in, gossip::Compare& out) {
  if (in.size() != out.buckets.size()) return false;
  std::copy(in.begin(), in.end(), out.buckets.begin());
  return true;
}

bool get(schema::Question::Reader in, gossip::Question& out) {
  switch (in.which()) {
    case schema::Question::JOIN: {
      auto& join = out.emplace<gossip::Join>();
      return get(in.getJoin().getRecord(), join.record) &&
             get_fixed(in.getJoin().getAfter(), join.after);
    }
    case schema::Question::COMPARE:
      return get_compare(in.getCompare(), out.emplace<gossip::Compare>());
    case schema::Question::EXCHANGE: {
      auto& exchange = out.emplace<gossip::Exchange>();
      return get_numbers(in.getExchange().getWanted(), gossip::page_items_max, exchange.wanted) &&
             get_items(in.getExchange(), gossip::page_items_max, exchange.records,
                       exchange.accusations);
    }
    case schema::Question::PULL_DESCRIPTOR:
      return get_fixed(in.getPullDescriptor(), out.emplace<gossip::PullDescriptor>().digest);
    case schema::Question::PULL_REPORTS:
      return get_all(in.getPullReports(), gossip::interests_max,
                     out.emplace<gossip::PullReports>().interests);
  }
  return false;
}

bool get(schema::Reply::Reader in, gossip::Reply& out) {
  switch (in.which()) {
    case schema::Reply::WELCOME: {
      auto& welcome = out.emplace<gossip::Welcome>();
      welcome.more = in.getWelcome().getMore();
      return get_items(in.getWelcome(), gossip::page_items_max, welcome.records,
                       welcome.accusations);
    }
    case schema::Reply::SUMMARY: {
      auto& summary = out.emplace<gossip::Summary>();
      summary.differing = in.getSummary().getDiffering();
      return get_all(in.getSummary().getEntries(), gossip::summary_entries_max, summary.entries);
    }
    case schema::Reply::ITEMS: {
      auto& items = out.emplace<gossip::Items>();
      return get_items(in.getItems(), gossip::page_items_max, items.records, items.accusations);
    }
    case schema::Reply::DESCRIPTOR_BODY: {
      const base::ByteView body = view_of(in.getDescriptorBody());
      if (body.size() > gossip::descriptor_size_max) return false;
      out.emplace<gossip::DescriptorBody>().descriptor.assign(body.begin(), body.end());
      return true;
    }
    case schema::Reply::REPORTS:
      return get_all(in.getReports(), gossip::report_page_max,
                     out.emplace<gossip::ReportPage>().reports);
  }
  return false;
}

template <class Schema, class T>
base::Result<T, DecodeError> decode(base::ByteView bytes, std::size_t size_max) {
  return unpack<Schema, T>(bytes, size_max, packet_depth,
                           [](typename Schema::Reader in, T& out) { return get(in, out); });
}

void put_numbers(capnp::List<std::uint64_t>::Builder out, std::span<const std::uint64_t> in) {
  for (unsigned i = 0; i < out.size(); ++i) out.set(i, in[i]);
}

}  // namespace

base::Bytes encode(const gossip::Packet& packet) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Packet>();
  put(out, packet.body);
  out.setTableDigest(packet.table_digest);
  out.setIntroduces(packet.introduces);
  put_items(out, packet.records, packet.accusations);
  return pack(message);
}

base::Bytes encode(const gossip::Question& question) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Question>();
  base::match(
      question,
      [&](const gossip::Join& join) {
        put(out.initJoin().initRecord(), join.record);
        out.getJoin().setAfter(data_of(join.after.view()));
      },
      [&](const gossip::Compare& compare) {
        put_numbers(out.initCompare(count(compare.buckets.size())), compare.buckets);
      },
      [&](const gossip::Exchange& exchange) {
        auto group = out.initExchange();
        put_numbers(group.initWanted(count(exchange.wanted.size())), exchange.wanted);
        put_items(group, exchange.records, exchange.accusations);
      },
      [&](const gossip::PullDescriptor& pull) {
        out.setPullDescriptor(data_of(pull.digest.view()));
      },
      [&](const gossip::PullReports& pull) {
        put_all(out.initPullReports(count(pull.interests.size())), pull.interests);
      });
  return pack(message);
}

base::Bytes encode(const gossip::Reply& reply) {
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<schema::Reply>();
  base::match(
      reply,
      [&](const gossip::Welcome& welcome) {
        out.initWelcome().setMore(welcome.more);
        put_items(out.getWelcome(), welcome.records, welcome.accusations);
      },
      [&](const gossip::Summary& summary) {
        out.initSummary().setDiffering(summary.differing);
        put_all(out.getSummary().initEntries(count(summary.entries.size())), summary.entries);
      },
      [&](const gossip::Items& items) {
        put_items(out.initItems(), items.records, items.accusations);
      },
      [&](const gossip::DescriptorBody& body) { out.setDescriptorBody(data_of(body.descriptor)); },
      [&](const gossip::ReportPage& page) {
        put_all(out.initReports(count(page.reports.size())), page.reports);
      });
  return pack(message);
}

base::Bytes encode(const gossip::SignedRecord& record) {
  capnp::MallocMessageBuilder message;
  put(message.initRoot<schema::Record>(), record);
  return pack(message);
}

base::Result<gossip::Packet, DecodeError> decode_packet(base::ByteView bytes) {
  return decode<schema::Packet, gossip::Packet>(bytes, packet_bytes_max);
}

base::Result<gossip::Question, DecodeError> decode_question(base::ByteView bytes) {
  return decode<schema::Question, gossip::Question>(bytes, question_bytes_max);
}

base::Result<gossip::Reply, DecodeError> decode_reply(base::ByteView bytes) {
  return decode<schema::Reply, gossip::Reply>(bytes, question_bytes_max);
}

base::Result<gossip::SignedRecord, DecodeError> decode_record(base::ByteView bytes) {
  return decode<schema::Record, gossip::SignedRecord>(bytes, record_bytes_max);
}

}  // namespace wire
