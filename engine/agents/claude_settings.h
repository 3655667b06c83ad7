// What Claude Code's own settings files say about the environment. It reads them after the process has started and lets their
// "env" block win, so a variable there undoes what Larder sets. They are read, never written. Any thread; blocks on the disk.
#pragma once

#include "engine/agents.h"
#include "engine/agents/surroundings.h"

namespace larder::agents {

// One warning for each variable that the user's, the project's or the administrator's settings give another value than the plan, for
// each one that leads away from Larder, and for each file that cannot be read. Values are not repeated: they may be keys.
void warnOfClaudeSettings(const Surroundings& surroundings, AgentPlan& plan);

}  // namespace larder::agents
