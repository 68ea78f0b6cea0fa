// What the shell does for a call that nobody can take when it comes (mesh/deferrals.h decides): it
// keeps the request on disk, brings it in again when its turn comes, and keeps the answer.
#pragma once

#include "mesh/call.h"

#include <cstdint>
#include <string>

namespace mesh {

// Nobody can take this call now: keep its request on disk, once its body is whole and if it is no
// larger than this, answered by on_kept(). `set` is put in place of fields of the same name.
struct DeferCall {
  ExchangeId exchange;
  CallId id;
  std::string capability;
  std::string key;  // Idempotency-Key of the caller, "" = none
  Headers set;
  base::Duration age_max{};
  std::uint64_t bytes_max = 0;
  bool operator==(const DeferCall&) const = default;
};
// Answer with 202: the call is kept for so long, and its fate is to be seen under its id.
struct AcceptExchange {
  ExchangeId exchange;
  CallId deferred;
  base::Duration left{};
  Headers set;
  bool operator==(const AcceptExchange&) const = default;
};
// Bring a kept call in as an exchange FromQueue, or say that it cannot be read.
struct DeliverCall {
  CallId id;
  bool operator==(const DeliverCall&) const = default;
};
// This exchange FromQueue is over. With `keep`, what it was answered with is the answer of the kept
// call, and is to be kept in place of its request.
struct EndDelivery {
  ExchangeId exchange;
  CallId id;
  bool keep = false;
  bool operator==(const EndDelivery&) const = default;
};
// Neither the kept call nor its answer is needed any more.
struct ForgetCall {
  CallId id;
  bool operator==(const ForgetCall&) const = default;
};

}  // namespace mesh
