#include "gossip/own_record.h"

#include "base/utf8.h"

#include <algorithm>
#include <utility>

namespace gossip {

namespace {

// Hysteresis: a quarter, and at least `least`.
bool moved(std::uint32_t from, std::uint32_t to, std::uint32_t least) {
  const std::uint32_t distance = from < to ? to - from : from - to;
  return distance >= std::max(least, from / 4);
}

bool takes_calls(Readiness readiness) {
  return readiness == Readiness::serving || readiness == Readiness::at_capacity;
}

bool moved(const Load& from, const Load& to) {
  return from.concurrency != to.concurrency || moved(from.in_flight, to.in_flight, 2) ||
         moved(from.latency_micros, to.latency_micros, 2000);
}

}  // namespace

OwnRecord::OwnRecord(const Options& options, const base::MeshId& mesh, crypto::Identity identity,
                     Record record)
    : options_(options),
      mesh_(mesh),
      identity_(std::move(identity)),
      load_gap_(options.load_publish_gap) {
  current_.record = std::move(record);
  current_.record.subject = identity_.id();
  // Others would refuse anything else.
  current_.record.name = base::as_label(current_.record.name, Record::name_max);
}

void OwnRecord::outrank(std::uint64_t epoch) {
  current_.record.version = {.epoch = epoch + 1, .sequence = 0};
  published_once_ = false;
}

Readiness OwnRecord::readiness() const {
  if (leaving_) return Readiness::left;
  return joined_ ? status_.readiness : Readiness::joining;
}

void OwnRecord::set_status(const LocalStatus& status, base::Instant now) {
  if (status.load.in_flight == 0 && status_.load.in_flight > 0) idle_since_ = now;
  status_ = status;
}

bool OwnRecord::urgent() const {
  const Record& said = current_.record;
  const bool other = said.readiness != readiness() || said.descriptor != status_.descriptor;
  return !published_once_ || (other && !capacity_changed());
}

bool OwnRecord::capacity_changed() const {
  const Record& said = current_.record;
  return said.descriptor == status_.descriptor && said.readiness != readiness() &&
         takes_calls(said.readiness) && takes_calls(readiness());
}

base::Instant OwnRecord::load_due() const {
  const Load& said = current_.record.load;
  base::Instant due = base::Instant::never();
  // Others must know soon, but an agent that takes one call at a time is full with every call.
  if (capacity_changed()) due = published_ + load_gap_ / 8;
  if (moved(said, status_.load)) due = std::min(due, published_ + load_gap_);
  if (said.in_flight > 0 && status_.load.in_flight == 0) {
    due = std::min(due, std::max(published_, idle_since_) + options_.load_publish_gap);
  }
  return due;
}

base::Instant OwnRecord::next_deadline() const {
  if (urgent()) return published_;
  const base::Instant due = load_due();
  return accused_ ? std::min(due, published_ + options_.refute_gap) : due;
}

std::optional<crypto::Verified<SignedRecord>> OwnRecord::on_time(base::Instant now) {
  const base::Instant due = next_deadline();
  if (due == base::Instant::never() || now < due) return std::nullopt;
  if (!urgent() && now >= load_due()) {
    const bool restless = now - load_published_ < 2 * load_gap_;
    load_gap_ = restless ? std::min(2 * load_gap_, options_.load_publish_gap_max)
                         : options_.load_publish_gap;
    load_published_ = now;
  }
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
