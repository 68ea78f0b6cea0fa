// Tells systemd how far the node is (Type=notify): a datagram to the socket that NOTIFY_SOCKET
// names. Without that variable nothing happens.
#pragma once

#include <string_view>

namespace node {

// `state` is "READY=1", "STOPPING=1" or "STATUS=...", see sd_notify(3).
void notify_service_manager(std::string_view state);

}  // namespace node
