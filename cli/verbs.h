// All verbs. Each adds itself to the command line, and sets `action` when it is the one that was
// called; nothing runs before the whole line was read.
#pragma once

#include "cli/console.h"

namespace CLI {
class App;
}

namespace cli {

void add_node(CLI::App& app, Action& action);
void add_keygen(CLI::App& app, Action& action);
void add_init(CLI::App& app, Action& action);
void add_check(CLI::App& app, Action& action);

void add_members(CLI::App& app, Action& action);
void add_agents(CLI::App& app, Action& action);
void add_capabilities(CLI::App& app, Action& action);
void add_routes(CLI::App& app, Action& action);
void add_breakers(CLI::App& app, Action& action);
void add_deferred(CLI::App& app, Action& action);

void add_call(CLI::App& app, Action& action);

void add_join(CLI::App& app, Action& action);
void add_leave(CLI::App& app, Action& action);
void add_drain(CLI::App& app, Action& action);
void add_resume(CLI::App& app, Action& action);

void add_sim(CLI::App& app, Action& action);
void add_invite(CLI::App& app, Action& action);
void add_propose(CLI::App& app, Action& action);
void add_decisions(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);

}  // namespace cli
