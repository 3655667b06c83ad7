// What an agent's user has to know about a model's window. Any thread.
#pragma once

#include "engine/agents/agent.h"

namespace larder::agents {

// That it is small, what will happen, and which of the server's models have more room; or that it is not known. Empty: nothing to say.
AgentText windowWarning(const Agent& agent, const AgentServer& server, const AgentModel& model);

}  // namespace larder::agents
