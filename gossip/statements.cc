// Lays out the bytes of everything that membership signs, and nothing else.
#include "crypto/digest.h"
#include "gossip/observation.h"
#include "gossip/record.h"

namespace gossip {

crypto::Statement statement_of(const Record& record, const base::MeshId& mesh) {
  crypto::Statement statement(crypto::Purpose::record, mesh);
  statement.fixed(record.subject.view());
  statement.u64(record.version.epoch).u64(record.version.sequence);
  statement.sized(record.name);
  statement.endpoint(record.endpoint);
  statement.u8(static_cast<std::uint8_t>(record.readiness));
  statement.u32(record.load.in_flight).u32(record.load.concurrency);
  statement.u32(record.load.latency_micros);
  statement.fixed(record.descriptor.view());
  statement.u16(record.protocol);
  return statement;
}

crypto::Statement statement_of(const Accusation& accusation, const base::MeshId& mesh) {
  crypto::Statement statement(crypto::Purpose::accusation, mesh);
  statement.fixed(accusation.accuser.view());
  statement.fixed(accusation.subject.view());
  statement.fixed(accusation.record.view());
  return statement;
}

crypto::Statement statement_of(const ObservationReport& report, const base::MeshId& mesh) {
  crypto::Statement statement(crypto::Purpose::observation, mesh);
  statement.fixed(report.author.view());
  statement.sized(report.capability);
  statement.u64(report.version.epoch).u64(report.version.sequence);
  statement.u32(static_cast<std::uint32_t>(report.observations.size()));
  for (const Observation& observation : report.observations) {
    statement.fixed(observation.subject.view());
    statement.u32(observation.samples).u32(observation.success_ppm);
    statement.u8(observation.quality_ppm ? 1 : 0).u32(observation.quality_ppm.value_or(0));
    statement.u32(observation.latency_micros);
  }
  return statement;
}

base::Digest record_digest(const Record& record, const base::MeshId& mesh) {
  return crypto::digest(statement_of(record, mesh).bytes());
}

}  // namespace gossip
