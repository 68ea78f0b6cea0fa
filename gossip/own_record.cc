#include "gossip/own_record.h"

#include <algorithm>
#include <utility>

namespace gossip {

namespace {

// Hysteresis: a quarter, and at least `least`.
bool moved(std::uint32_t from, std::uint32_t to, std::uint32_t least) {
  const std::uint32_t distance = from < to ? to - from : from - to;
  return distance >= std::max(least, from / 4);
}

bool moved(const Load& from, const Load& to) {
  return from.concurrency != to.concurrency || (from.in_flight == 0) != (to.in_flight == 0) ||
         moved(from.in_flight, to.in_flight, 2) ||
         moved(from.latency_micros, to.latency_micros, 2000);
}

}  // namespace

OwnRecord::OwnRecord(const Options& options, const base::MeshId& mesh, crypto::Identity identity,
                     Record record)
    : options_(options), mesh_(mesh), identity_(std::move(identity)) {
  current_.record = std::move(record);
  current_.record.subject = identity_.id();
  current_.record.name.resize(std::min(current_.record.name.size(), Record::name_max));
  for (char& c : current_.record.name) {
    if ((c >= 0 && c < ' ') || c == 0x7f) c = '_';  // others would refuse the record
  }
}

void OwnRecord::outrank(std::uint64_t epoch) {
  current_.record.version = {.epoch = epoch + 1, .sequence = 0};
  published_once_ = false;
}

Readiness OwnRecord::readiness() const {
  if (leaving_) return Readiness::left;
  return joined_ ? status_.readiness : Readiness::joining;
}

OwnRecord::Urgency OwnRecord::urgency() const {
  const Record& said = current_.record;
  if (!published_once_ || said.readiness != readiness() || said.descriptor != status_.descriptor) {
    return Urgency::now;
  }
  if (accused_) return Urgency::refutation;
  return moved(said.load, status_.load) ? Urgency::load : Urgency::none;
}

base::Duration OwnRecord::gap() const {
  switch (urgency()) {
    case Urgency::none:
      return base::Duration::max();
    case Urgency::load:
      return options_.load_publish_gap;
    case Urgency::refutation:
      return options_.refute_gap;
    case Urgency::now:
      return {};
  }
  return {};
}

base::Instant OwnRecord::next_deadline() const {
  return urgency() == Urgency::none ? base::Instant::never() : published_ + gap();
}

std::optional<crypto::Verified<SignedRecord>> OwnRecord::on_time(base::Instant now) {
  const base::Instant due = next_deadline();
  if (due == base::Instant::never() || now < due) return std::nullopt;
  Record& record = current_.record;
  ++record.version.sequence;
  record.readiness = readiness();
  record.load = status_.load;
  record.descriptor = status_.descriptor;
  current_.signature = identity_.sign(statement_of(record, mesh_));
  published_ = now;
  published_once_ = true;
  accused_ = false;
  return crypto::Verified<SignedRecord>::own(current_);
}

crypto::Verified<SignedAccusation> OwnRecord::accuse(const base::NodeId& subject,
                                                     const base::Digest& record) const {
  SignedAccusation signed_accusation;
  signed_accusation.accusation = {.accuser = identity_.id(), .subject = subject, .record = record};
  signed_accusation.signature = identity_.sign(statement_of(signed_accusation.accusation, mesh_));
  return crypto::Verified<SignedAccusation>::own(signed_accusation);
}

}  // namespace gossip
