// All that the data plane may want done, as one type.
#pragma once

#include "base/transition.h"
#include "mesh/call.h"
#include "mesh/deferred_call.h"

#include <variant>
#include <vector>

namespace mesh {

using Effect = std::variant<StartAttempt, FabricateAnswer, CancelAttempt, InspectAnswer,
                            RelayAnswer, RefuseExchange, KeepAnswer, ForgetAnswer, ReplayAnswer,
                            DeferCall, AcceptExchange, DeliverCall, EndDelivery, ForgetCall,
                            ExchangeSettled, ProbeAgent, base::Transition, base::Notice>;
using Effects = std::vector<Effect>;

}  // namespace mesh
