// Sentences of the engine about agents, in the user's language. Pure; GUI thread.
#pragma once

#include <QString>

#include "engine/agents.h"

namespace larder::ui {

QString agentText(const AgentText& text);

}  // namespace larder::ui
